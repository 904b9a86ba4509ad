/**
 * Training beside diffusers' UNet2DConditionModel, torch's autograd and torch.optim.AdamW.
 *
 * Both sides compute in float32, in which sums that are taken in another order differ: an error is
 * therefore the largest difference in a tensor in units of the largest magnitude in it. Where terms
 * cancel, float32 alone costs the reference about 1e-5 in some gradients, which float64 shows: ours
 * may be 1e-5 farther from the reference than that. AdamW
 * divides a gradient by its own size: of an element whose gradient is nothing but rounding, the first
 * update is ±learningRate on either side. One update is therefore compared from the same gradients,
 * and what many updates come to by their losses.
 *
 * AUDIOLDM_TRAINING_MODEL=DIR compares the model of that folder, too.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readModelFolder } from '../../lib/hub/folder.js'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import { type Comparison, compareTraining, type Worst } from './reference.js'
import { core, type MadeUp, makeData, readTiny, type SpecChange } from './setup.js'

const liveBefore = core.liveTensorBytes()
const made: MadeUp[] = []
afterAll(() => {
  for (const one of made) one.dispose()
  expect(core.liveTensorBytes()).toBe(liveBefore)
})

const show = ({ error, tensor }: Worst) => `${error.toExponential(1)} (${tensor})`

function report(name: string, result: Comparison): void {
  const { update, trajectory } = result
  const lines = [
    `${name}: loss ${result.loss.toExponential(1)}`,
    `gradients of ${result.tensors} tensors ${show(result.gradients)}`,
    `  beyond theirs to float64 ${result.beyondRounding.toExponential(1)}`,
    `  ours to float64 ${show(result.oursToFloat64)}`,
    `  theirs to float64 ${show(result.theirsToFloat64)}`,
    ...Object.entries(update).map(([kind, worst]) => `one update, ${kind} ${show(worst)}`),
    `${result.losses.length} losses ${trajectory.error.toExponential(1)}: ` +
      `${result.losses[0].toFixed(4)} … ${result.losses.at(-1)?.toFixed(4)}`,
    `trained by then ${show(trajectory.trained)}, average ${show(trajectory.ema)}`,
  ]
  console.log(lines.join('\n  '))
}

function expectEqual(result: Comparison): void {
  expect(result.loss).toBeLessThan(1e-5)
  expect(result.beyondRounding).toBeLessThan(1e-5)
  expect(result.oursToFloat64.error).toBeLessThan(2e-5)
  for (const worst of Object.values(result.update)) expect(worst.error).toBeLessThan(1e-5)
  expect(result.trajectory.error).toBeLessThan(1e-4)
}

const lora = (folder: ModelFolder) => ({
  rank: 4,
  alpha: 8,
  modules: [...folder.parts.unet.plan.tensors.keys()]
    .filter((name) => /\.(to_[qkv]|to_out\.0|time_emb_proj)\.weight$/.test(name))
    .map((name) => name.slice(0, -'.weight'.length)),
})

describe('the small model', () => {
  let folder: ModelFolder
  let data: MadeUp
  beforeAll(async () => {
    folder = await readTiny()
    data = makeData(10)
    made.push(data)
  })

  test.each<[string, (folder: ModelFolder) => SpecChange]>([
    ['all weights', () => ({ batchSize: 4, textProbability: 0.5 })],
    [
      'accumulated, clipped and warmed up',
      () => ({ accumulate: 2, maxGradientNorm: 0.05, warmupSteps: 5, learningRate: 1e-3 }),
    ],
    ['adapters', (of) => ({ batchSize: 4, lora: lora(of), learningRate: 1e-3 })],
  ])('%s', async (name, change) => {
    const result = await compareTraining(folder, data.data, change(folder))
    report(name, result)
    expectEqual(result)
  })
})

describe.skipIf(!process.env.AUDIOLDM_TRAINING_MODEL)(
  'the model of AUDIOLDM_TRAINING_MODEL',
  () => {
    let folder: ModelFolder
    let data: MadeUp
    beforeAll(async () => {
      folder = await readModelFolder(process.env.AUDIOLDM_TRAINING_MODEL as string)
      data = makeData(6, { frames: 16 })
      made.push(data)
    })

    test.each<[string, (folder: ModelFolder) => SpecChange]>([
      ['all weights', () => ({})],
      ['adapters', (of) => ({ lora: lora(of) })],
    ])(
      '%s',
      async (name, change) => {
        const settings = { threads: 2, ...change(folder) }
        const result = await compareTraining(folder, data.data, settings)
        report(name, result)
        expectEqual(result)
      },
      3_600_000,
    )
  },
)
