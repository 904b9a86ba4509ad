/** Every class. A clip's target is the place of its class here: new ones go to the end. */
import { InvalidOptionError } from '../errors.js'
import { show } from '../options.js'
import { alarms } from './families/alarms.js'
import { bells } from './families/bells.js'
import { birds } from './families/birds.js'
import { clicks } from './families/clicks.js'
import { crowd } from './families/crowd.js'
import { doors } from './families/doors.js'
import { drums } from './families/drums.js'
import { electronics } from './families/electronics.js'
import { engines } from './families/engines.js'
import { explosions } from './families/explosions.js'
import { frogs } from './families/frogs.js'
import { glass } from './families/glass.js'
import { heart } from './families/heartbeat.js'
import { horns } from './families/horns.js'
import { insects } from './families/insects.js'
import { knocks } from './families/knocks.js'
import { strings } from './families/strings.js'
import { telephones } from './families/telephones.js'
import { water } from './families/water.js'
import { weather } from './families/weather.js'
import { whistles } from './families/whistles.js'
import type { SoundClass } from './sound-class.js'

export const classes: readonly SoundClass[] = [
  ...[...bells, ...alarms, ...knocks, ...clicks, ...water, ...weather, ...insects, ...birds],
  ...[...frogs, ...engines, ...glass, ...crowd, ...telephones, ...horns, ...whistles, ...heart],
  ...[...drums, ...strings, ...electronics, ...doors, ...explosions],
]

/** @throws InvalidOptionError naming `option` and the classes that there are. */
export function classNamed(option: string, name: string): SoundClass {
  const found = classes.find((each) => each.name === name)
  if (found) return found
  const names = classes.map((each) => each.name).join(', ')
  throw new InvalidOptionError(option, `there is no class ${show(name)}`, `there are ${names}`)
}
