// Trains the UNet of the default model with fineTune(), on the lists that the part `unet-clips` wrote:
//
//   node recipe/unet.mjs --state DIR --stage NAME [--steps N] [--final] [--seed N] [--threads N]
//
// `base` begins with random numbers and hears synthesised sounds alone; `default` goes on from it
// and hears real ones too. Their clips of 5.12 s have latents that the UNet halves evenly three times.
// The 125 frames of 5 s it does not, and their last ones became noise: the two finishing stages go on
// with such. A run that was stopped goes on when the command is given again.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { captionedFolder, fineTune } from 'audioldm'

const stages = {
  base: { after: null, list: 'base', seconds: 5.12, steps: 10_000, rate: 5e-4 },
  'base-finish': { after: 'base', list: 'base', seconds: 5, steps: 1000, rate: 1e-4 },
  default: { after: 'base', list: 'default', seconds: 5.12, steps: 10_000, rate: 3e-4 },
  'default-finish': { after: 'default', list: 'default', seconds: 5, steps: 2000, rate: 1e-4 },
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
    stage: { type: 'string' },
    steps: { type: 'string' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string' },
    final: { type: 'boolean', default: false },
  },
})
const { state } = values
const stage = stages[values.stage]
if (!state || !stage) {
  console.error(`unet: give --state DIR and --stage ${Object.keys(stages).join(', ')}`)
  process.exit(2)
}

const clips = join(state, 'unet', 'clips')
const job = fineTune(modelOf(stage), {
  dataset: captionedFolder(clips, { captions: `${stage.list}.jsonl` }),
  validation: values.final ? 0.02 : captionedFolder(clips, { captions: 'unseen.jsonl' }),
  condition: { mixed: 0.6 },
  schedule: 'cosine',
  segmentSeconds: stage.seconds,
  emaDecay: 0.9995,
  checkpointEvery: 1000,
  evaluation: { clips: 96, draws: 4 },
  sample: { prompts: samples, every: 5000 },
  cacheDir: join(state, 'unet', 'cache'),
  outputDir: join(state, 'unet', values.stage),
  resume: true,
  init: stage.after === null ? 'scratch' : 'pretrained',
  steps: Number(values.steps ?? stage.steps),
  learningRate: stage.rate,
  seed: BigInt(values.seed),
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

/** The exported folder, or the newest checkpoint of the stage before, which is such a folder too. */
function modelOf({ after }) {
  if (after === null) return join(state, 'model')
  const folder = join(state, 'unet', after)
  const checkpoints = existsSync(folder)
    ? readdirSync(folder).filter((file) => /^checkpoint-\d+$/.test(file))
    : []
  if (checkpoints.length === 0) {
    console.error(`unet: ${folder} has no checkpoint: train --stage ${after} first`)
    process.exit(1)
  }
  return join(folder, checkpoints.sort().at(-1))
}
