import { join } from 'node:path'
import { planAudioEncoder } from '../architectures/audio-encoder.js'
import type { PartPlan } from '../architectures/plan.js'
import { planScheduler } from '../architectures/scheduler.js'
import { planTextEncoder } from '../architectures/text-encoder.js'
import { planUNet } from '../architectures/unet.js'
import { planVae } from '../architectures/vae.js'
import { planVocoder } from '../architectures/vocoder.js'
import { InvalidModelError } from '../errors.js'
import type { TensorTable } from '../native/tensor-table.js'
import { checkTensors, normalizeNames } from '../weights/names.js'
import { readPartWeights } from '../weights/part.js'
import {
  audioEncoderFolder,
  type FolderIndex,
  type FolderPart,
  readAudioEncoderConfig,
  readFolderIndex,
  readPartConfig,
} from './folder-index.js'
import { describe } from './folder-info.js'
import { readKnownSounds } from './known-sounds.js'
import type { FolderInfo, ModelFolder, ModelGeometry, PartFiles, Plans } from './model-folder.js'

/** The published models were trained on 10.24 s. */
const longestUsual = 10

/**
 * Reads a model folder in diffusers' layout: every configuration and the tables of all weights, but
 * no weight. What comes back fits together and fits the archives.
 * @throws InvalidModelError, InvalidWeightsError naming the part and what is wrong with it
 */
export async function readModelFolder(dir: string): Promise<ModelFolder> {
  const index = await readFolderIndex(dir)
  const plans = await readPlans(dir, index)
  const geometry = fitTogether(dir, plans)
  const { encoder, decoder } = plans.vae
  const unet = await readPart(dir, 'unet', [plans.unet])
  const vae = await readPart(dir, 'vae', [encoder, decoder])
  const vocoder = await readPart(dir, 'vocoder', [plans.vocoder])
  const text = await readPart(dir, 'text_encoder', [plans.text])
  const audioEncoder = plans.audioEncoder && {
    plan: plans.audioEncoder,
    ...(await readPart(dir, audioEncoderFolder, [plans.audioEncoder])),
  }
  const weights = { unet, vae, vocoder, text_encoder: text, audio_encoder: audioEncoder }
  const { timestepSpacing, stepsOffset, setAlphaToOne, alphasCumprod } = plans.scheduler
  return {
    path: dir,
    geometry,
    schedule: { timestepSpacing, stepsOffset, setAlphaToOne },
    alphasCumprod,
    usualSeconds: Math.min(longestUsual, index.trainedSeconds ?? longestUsual),
    knownSounds: await readKnownSounds(dir, plans.text.projectionWidth),
    tokenizerDir: join(dir, 'tokenizer'),
    tokenizerLimits: { vocabSize: plans.text.vocabSize, maxTokens: plans.text.maxTokens },
    parts: {
      unet: { plan: plans.unet, tensors: unet.tensors },
      vae_encoder: { plan: encoder, tensors: only(vae.tensors, encoder) },
      vae_decoder: { plan: decoder, tensors: only(vae.tensors, decoder) },
      vocoder: { plan: plans.vocoder, tensors: vocoder.tensors },
      text_encoder: { plan: plans.text, tensors: text.tensors },
      ...(audioEncoder && { audio_encoder: audioEncoder }),
    },
    info: await describe(dir, index, plans, geometry, weights),
  }
}

/** What `audioldm info` tells about a folder. Checks it as `readModelFolder` does. */
export async function describeFolder(dir: string): Promise<FolderInfo> {
  return (await readModelFolder(dir)).info
}

async function readPlans(dir: string, { classes }: FolderIndex): Promise<Plans> {
  const read = (part: FolderPart) => readPartConfig(dir, part, classes[part])
  const unet = await read('unet')
  const vae = await read('vae')
  const vocoder = await read('vocoder')
  const text = await read('text_encoder')
  const scheduler = await read('scheduler')
  const audio = await readAudioEncoderConfig(dir)
  return {
    unet: planUNet(unet.config, unet.file),
    vae: planVae(vae.config, vae.file),
    vocoder: planVocoder(vocoder.config, vocoder.file),
    text: planTextEncoder(text.config, text.file),
    audioEncoder: audio && planAudioEncoder(audio.main.config, audio.main.file, audio.preprocessor),
    scheduler: planScheduler(scheduler.config, scheduler.file, classes.scheduler),
  }
}

function fitTogether(
  dir: string,
  { unet, vae, vocoder, text, audioEncoder }: Plans,
): ModelGeometry {
  const problems: string[] = []
  if (unet.channels !== vae.latentChannels) {
    problems.push(
      `unet in_channels is ${unet.channels}, vae latent_channels is ${vae.latentChannels}`,
    )
  }
  if (unet.conditioningWidth !== text.projectionWidth) {
    problems.push(
      `unet projection_class_embeddings_input_dim is ${unet.conditioningWidth}, ` +
        `text_encoder projection_dim is ${text.projectionWidth}`,
    )
  }
  if (audioEncoder && audioEncoder.projectionWidth !== text.projectionWidth) {
    problems.push(
      `audio_encoder projection_dim is ${audioEncoder.projectionWidth}, ` +
        `text_encoder projection_dim is ${text.projectionWidth}`,
    )
  }
  if (vocoder.numMel % vae.factor !== 0) {
    problems.push(
      `vocoder model_in_dim is ${vocoder.numMel}, which the vae's factor ${vae.factor} does not divide`,
    )
  }
  if (problems.length > 0) {
    throw new InvalidModelError(
      `${dir}: the parts do not fit together: ${problems.join('; ')}`,
      'The parts seem to come from different models.',
    )
  }
  return {
    latentChannels: vae.latentChannels,
    latentBins: vocoder.numMel / vae.factor,
    vaeFactor: vae.factor,
    scalingFactor: vae.scalingFactor,
    numMel: vocoder.numMel,
    hop: vocoder.hop,
    tail: vocoder.tail,
    context: vocoder.context,
  }
}

/** The weights of one folder, exactly those that the plans made from it expect. */
async function readPart(
  dir: string,
  part: FolderPart | typeof audioEncoderFolder,
  plans: PartPlan[],
): Promise<PartFiles> {
  const folder = join(dir, part)
  const { tensors, files } = await readPartWeights(folder)
  const table = normalizeNames(tensors, folder)
  const expected = new Map<string, number[]>()
  for (const plan of plans) {
    for (const name of plan.optional) table.delete(name)
    for (const [name, shape] of plan.tensors) expected.set(name, shape)
  }
  checkTensors(table, expected, folder)
  return { tensors: table, files }
}

function only(tensors: TensorTable, plan: PartPlan): TensorTable {
  return new Map([...tensors].filter(([name]) => plan.tensors.has(name)))
}
