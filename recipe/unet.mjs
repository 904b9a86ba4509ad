// Trains the UNet of the default model with fineTune(), on the lists that the part `unet-clips` wrote:
//
//   node recipe/unet.mjs --state DIR --list base|default [--steps N] [--final] [--seed N] [--threads N]
//
// `base` begins with random numbers and hears synthesised sounds alone; `default` goes on from it
// and hears real ones too. A run that was stopped goes on when the command is given again.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { captionedFolder, fineTune } from 'audioldm'

const stages = {
  base: { steps: 10_000, learningRate: 5e-4, init: 'scratch' },
  default: { steps: 10_000, learningRate: 3e-4, init: 'pretrained' },
}
const samples = [
  'a dog barking',
  'rain on a roof',
  'a church bell ringing',
  'a siren in the distance',
]

const { values } = parseArgs({
  options: {
    state: { type: 'string' },
    list: { type: 'string' },
    steps: { type: 'string' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string' },
    final: { type: 'boolean', default: false },
  },
})
const { state, list } = values
const stage = stages[list]
if (!state || !stage) {
  console.error('unet: give --state DIR and --list base or --list default')
  process.exit(2)
}

const clips = join(state, 'unet', 'clips')
const job = fineTune(modelOf(list), {
  dataset: captionedFolder(clips, { captions: `${list}.jsonl` }),
  validation: values.final ? 0.02 : captionedFolder(clips, { captions: 'unseen.jsonl' }),
  condition: { mixed: 0.6 },
  schedule: 'cosine',
  segmentSeconds: 5.12,
  emaDecay: 0.9995,
  checkpointEvery: 1000,
  evaluation: { clips: 96, draws: 4 },
  sample: { prompts: samples, every: 5000 },
  cacheDir: join(state, 'unet', 'cache'),
  outputDir: join(state, 'unet', list),
  resume: true,
  ...stage,
  seed: BigInt(values.seed),
  ...(values.steps && { steps: Number(values.steps) }),
  ...(values.threads && { threads: Number(values.threads) }),
})
for await (const event of job) {
  if (event.type === 'step' && event.step % 50 === 0) {
    const left = Math.round(event.etaSeconds / 60)
    console.error(
      `unet ${event.step}/${event.steps} loss ${event.loss.toFixed(4)} | ${left} min left`,
    )
  }
  if (event.type === 'evaluation')
    console.error(`unet ${event.step} unseen ${event.validationLoss}`)
  if (event.type === 'warning') console.error(`unet: ${event.message}`)
}
console.log((await job).checkpoint)

/** The exported folder, or the newest checkpoint of `base`, which is such a folder too. */
function modelOf(name) {
  if (name === 'base') return join(state, 'model')
  const folder = join(state, 'unet', 'base')
  const checkpoints = existsSync(folder)
    ? readdirSync(folder).filter((file) => /^checkpoint-\d+$/.test(file))
    : []
  if (checkpoints.length === 0) {
    console.error(`unet: ${folder} has no checkpoint: train --list base first`)
    process.exit(1)
  }
  return join(folder, checkpoints.sort().at(-1))
}
