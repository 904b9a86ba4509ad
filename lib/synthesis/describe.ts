/** Which classes there are, and captions of them without a clip: to ask a model with. */
import { z } from 'zod'
import { InvalidOptionError } from '../errors.js'
import { expecting, integerIn, parseOptions, seedOption, show } from '../options.js'
import { type Attributes, axesOf, captionsOf, wordingsByClass } from './clip.js'
import { Random } from './parts/random.js'
import { classes, classNamed } from './registry.js'
import type { SoundClass } from './sound-class.js'
import { type Axis, axisNames } from './wording/axes.js'
import type { Ends } from './wording/caption.js'

export interface SoundClassInfo {
  /** As the category of a clip, such as 'church_bell'. */
  name: string
  /** What is heard, in one line. */
  about: string
  /** In which ways clips differ, each with the values at its two ends: `rate: ['slow', 'fast']`. */
  attributes: Partial<Record<Axis, [string, string]>>
}

export interface SoundCaptionsOptions {
  /** What is said, such as `{ rate: 'slow' }`. Default: nothing but the sound. */
  attributes?: Attributes
  /** How many at most, 1 … 1000. Default: 5. */
  count?: number
  /** In wordings that no data set has, in the place of the others. Default: false. */
  heldOut?: boolean
  /** Default: 0. */
  seed?: number | bigint
}

/** The classes that makeDataset knows, in the order of their targets. */
export function soundClasses(): SoundClassInfo[] {
  return classes.map((soundClass) => {
    const { name, about } = soundClass
    const axes = Object.entries(axesOf(soundClass))
    const ends = axes.map(([axis, { low, high }]) => [axis, [low.value, high.value]])
    return { name, about, attributes: Object.fromEntries(ends) }
  })
}

const attributeForm = expecting("an object such as { rate: 'slow' }")
const schema = z.strictObject({
  attributes: z.record(z.string(), z.string(attributeForm), attributeForm).default({}),
  count: integerIn(1, 1000).default(5),
  heldOut: z.boolean(expecting('true or false')).default(false),
  seed: seedOption.default(0),
})

/** Different captions of a class; fewer than `count` where there are no more. */
export function soundCaptions(name: string, options: SoundCaptionsOptions = {}): string[] {
  const soundClass = classNamed('name', name)
  const { attributes, count, heldOut, seed } = parseOptions(schema, options)
  const wordings = wordingsByClass(soundClass).filter((each) => each.heldOut === heldOut)
  const random = new Random(seed, name, JSON.stringify(attributes), 'asked')
  return captionsOf(wordings, endsOf(soundClass, attributes), count, random)
}

function endsOf(soundClass: SoundClass, attributes: Record<string, string>): Ends {
  const axes = axesOf(soundClass)
  const ends: Ends = {}
  for (const [name, value] of Object.entries(attributes)) {
    const axis = axisNames.find((each) => each === name && axes[each] !== undefined)
    if (axis === undefined) {
      const there = Object.keys(axes).join(', ')
      throw new InvalidOptionError(`attributes.${name}`, `${soundClass.name} has only ${there}`)
    }
    const { low, high } = axes[axis] as NonNullable<(typeof axes)[Axis]>
    const end = [low, high].find((each) => each.value === value)
    if (end) ends[axis] = end
    else if (value !== 'medium') {
      const form = `'${low.value}', '${high.value}' or 'medium'`
      throw new InvalidOptionError(`attributes.${name}`, `expected ${form}, got ${show(value)}`)
    }
  }
  return ends
}
