import { randomBytes } from 'node:crypto'
import { mkdir, readdir, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AbortError, AudioLDMError, OutputError } from '../../errors.js'
import { outputError, writeFileAtomic } from '../../files/write-file.js'
import type { TensorTable } from '../../native/tensor-table.js'
import { readVocabulary } from '../../tokenizer/vocabulary.js'
import { byteLengthOf } from '../extent.js'
import { readWeightsFile } from '../read.js'
import { writeSafetensors } from '../safetensors-writer.js'
import { verifyTorchZip } from '../torch-zip.js'
import { type AudioConfig, featureExtractor } from './audio.js'
import { type Conversion, convertCheckpoint, type Part } from './convert.js'
import { copyTokenizer } from './tokenizer.js'

export interface ImportProgress {
  /** Reading the checkpoint through to compare checksums, or writing a part. */
  phase: 'verify' | 'write'
  /** The folder being written, such as `unet`. */
  part?: string
  /** Within the phase. */
  bytes: number
  totalBytes: number
}

export interface ImportOptions {
  /** Folder with vocab.json and merges.txt, or tokenizer.json: a checkpoint has none. */
  tokenizer: string
  /** Width of an attention head, needed where model_channels is not 128, 192 or 256. */
  headWidth?: number
  onProgress?: (progress: ImportProgress) => void
  signal?: AbortSignal
}

export interface ImportResult {
  outDir: string
  warnings: string[]
  /** Whether the UNet is the EMA copy, which the authors sample with. */
  ema: boolean
  /** Tensors of the checkpoint that a hub folder has no use for. */
  ignored: string[]
}

/**
 * Turns an original AudioLDM checkpoint into a hub folder that computes the same. The folder
 * appears whole or not at all; `outDir` must not exist or be empty.
 */
export async function importCheckpoint(
  path: string,
  outDir: string,
  options: ImportOptions,
): Promise<ImportResult> {
  const target = await checkTarget(outDir)
  const file = await readWeightsFile(path)
  const conversion = await convertCheckpoint(path, file, options.headWidth)
  await readVocabulary(options.tokenizer, conversion.vocabSize)
  if (file.format === 'torch-zip') await verify(path, conversion, options)

  const random = randomBytes(4).toString('hex')
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}-${random}.tmp`)
  try {
    await mkdir(temporary)
    await writeFolder(temporary, conversion, options)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw named(error, temporary, target)
  }
  const { warnings, ema, ignored } = conversion
  return { outDir, warnings, ema, ignored }
}

/** The real path to write; a folder there must be empty. */
async function checkTarget(outDir: string): Promise<string> {
  try {
    if ((await readdir(outDir)).length > 0) {
      throw new OutputError(`${outDir}: is not empty`, { hint: 'Choose a folder that is new.' })
    }
    return await realpath(outDir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return resolve(outDir)
    throw outputError(outDir, error)
  }
}

async function verify(path: string, { parts }: Conversion, options: ImportOptions): Promise<void> {
  const used: TensorTable = new Map()
  for (const { folder, tensors } of parts) {
    for (const [name, tensor] of tensors) {
      if ('file' in tensor) used.set(`${folder}/${name}`, tensor)
    }
  }
  await verifyTorchZip(path, used, (bytes, totalBytes) => {
    if (options.signal?.aborted) throw new AbortError()
    options.onProgress?.({ phase: 'verify', bytes, totalBytes })
  })
}

async function writeFolder(
  folder: string,
  { parts }: Conversion,
  { tokenizer, onProgress, signal }: ImportOptions,
): Promise<void> {
  const totalBytes = parts
    .flatMap(({ tensors }) => [...tensors.values()])
    .reduce((sum, tensor) => sum + byteLengthOf(tensor), 0)
  let bytes = 0
  for (const part of parts) {
    await mkdir(join(folder, part.folder))
    await writeJson(join(folder, part.folder, 'config.json'), withVersion(part))
    await writeSafetensors(join(folder, part.folder, part.file), part.tensors, {
      signal,
      onBytes: (count) => {
        bytes += count
        onProgress?.({ phase: 'write', part: part.folder, bytes, totalBytes })
      },
    })
    if (part.folder === 'audio_encoder') {
      const path = join(folder, part.folder, 'preprocessor_config.json')
      await writeJson(path, featureExtractor(part.config as AudioConfig))
    }
  }
  await mkdir(join(folder, 'tokenizer'))
  await copyTokenizer(tokenizer, join(folder, 'tokenizer'))
  await mkdir(join(folder, 'scheduler'))
  await writeJson(join(folder, 'scheduler', 'scheduler_config.json'), schedulerConfig)
  await writeJson(join(folder, 'model_index.json'), modelIndex)
  if (signal?.aborted) throw new AbortError()
}

/** The last version of diffusers that supported the pipeline. */
const DIFFUSERS_VERSION = '0.33.1'

const schedulerConfig = {
  _class_name: 'DDIMScheduler',
  _diffusers_version: DIFFUSERS_VERSION,
  beta_end: 0.0195,
  beta_schedule: 'scaled_linear',
  beta_start: 0.0015,
  clip_sample: false,
  clip_sample_range: 1.0,
  dynamic_thresholding_ratio: 0.995,
  num_train_timesteps: 1000,
  prediction_type: 'epsilon',
  rescale_betas_zero_snr: false,
  sample_max_value: 1.0,
  set_alpha_to_one: false,
  steps_offset: 1,
  thresholding: false,
  timestep_spacing: 'leading',
  trained_betas: null,
}

/** Without `audio_encoder`, which the pipeline of diffusers would refuse. */
const modelIndex = {
  _class_name: 'AudioLDMPipeline',
  _diffusers_version: DIFFUSERS_VERSION,
  scheduler: ['diffusers', 'DDIMScheduler'],
  text_encoder: ['transformers', 'ClapTextModelWithProjection'],
  tokenizer: ['transformers', 'RobertaTokenizerFast'],
  unet: ['diffusers', 'UNet2DConditionModel'],
  vae: ['diffusers', 'AutoencoderKL'],
  vocoder: ['transformers', 'SpeechT5HifiGan'],
}

function withVersion({ config }: Part): object {
  if (!('_class_name' in config)) return config
  const { _class_name, ...fields } = config
  return { _class_name, _diffusers_version: DIFFUSERS_VERSION, ...fields }
}

/** Fields that transformers insists are floats, which JSON.stringify writes as 1 where they are. */
const wholeFloat = /("(?:mlp_ratio|initializer_factor|scaling_factor)": \d+)(?=[,\n])/g

async function writeJson(path: string, value: object): Promise<void> {
  const json = JSON.stringify(value, null, 2).replace(wholeFloat, '$1.0')
  await writeFileAtomic(path, `${json}\n`)
}

/** Errors name the folder that was asked for, not the temporary one beside it. */
function named(error: unknown, temporary: string, target: string): unknown {
  if (error instanceof OutputError) {
    const message = error.message.replaceAll(temporary, target)
    return new OutputError(message, { hint: error.hint, cause: error.cause })
  }
  return error instanceof AudioLDMError ? error : outputError(target, error)
}
