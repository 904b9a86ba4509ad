// Makes a sound with the tiny model and writes its samples, float32, to the file named: what
// scripts/portability.mjs runs on two platforms.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate, loadModel } from '../dist/index.mjs'
import { root } from './steps.mjs'

const model = await loadModel(join(root, 'models', 'random-tiny'), {
  ...{ device: 'cpu', dtype: 'float32', threads: 1 },
})
const { audio } = await generate(model, {
  ...{ prompt: 'a dog barking in the rain', durationSeconds: 1, steps: 10, seed: 7 },
})
console.log(`${process.platform}-${process.arch}, Node ${process.versions.node}: made`)
writeFileSync(process.argv[2], await audio[0].toFloat32Array())
await model.dispose()
