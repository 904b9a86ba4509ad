import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { schedulerClasses } from '../architectures/scheduler.js'
import { InvalidModelError } from '../errors.js'
import { type Json, parseJson } from '../files/json.js'

/** The folders of a pipeline, as model_index.json names them. */
export type FolderPart = 'unet' | 'vae' | 'vocoder' | 'text_encoder' | 'tokenizer' | 'scheduler'

export interface FolderIndex {
  /** The class of each part. */
  classes: Record<FolderPart, string>
  /** The weights were never trained: the file says so itself. */
  randomWeights: boolean
  /** How long the clips were that it was trained on, where the file says so. */
  trainedSeconds?: number
}

export interface ConfigFile {
  file: string
  config: Json
}

export const audioEncoderFolder = 'audio_encoder'

const MAX_CONFIG_BYTES = 1 << 20

/** The classes a part may have. A tokenizer's class says little: its files are what counts. */
const supported: Record<FolderPart, string[]> = {
  unet: ['UNet2DConditionModel'],
  vae: ['AutoencoderKL'],
  vocoder: ['SpeechT5HifiGan'],
  text_encoder: ['ClapTextModelWithProjection'],
  tokenizer: [
    'RobertaTokenizer',
    'RobertaTokenizerFast',
    'PreTrainedTokenizerFast',
    'TokenizersBackend',
  ],
  scheduler: schedulerClasses,
}

const folderParts = Object.keys(supported) as FolderPart[]

/** Reads model_index.json and sees that every part is named, of a supported class, and there. */
export async function readFolderIndex(dir: string): Promise<FolderIndex> {
  const file = join(dir, 'model_index.json')
  if (!(await isFolder(dir))) throw new InvalidModelError(`${dir}: there is no such folder`)
  if (!(await stat(file).catch(() => undefined))) {
    throw new InvalidModelError(
      `${dir}: has no model_index.json`,
      'A model is a folder saved by diffusers: model_index.json, unet, vae, vocoder and so on.',
    )
  }
  const index = await readJsonObject(file)
  if (index._class_name !== 'AudioLDMPipeline') {
    throw new InvalidModelError(
      `${file}: _class_name is ${JSON.stringify(index._class_name)}; supported: "AudioLDMPipeline"`,
      'Use an AudioLDM model such as cvssp/audioldm-s-full-v2; other pipelines are other models.',
    )
  }
  const classes = {} as Record<FolderPart, string>
  for (const part of folderParts) {
    const entry = index[part]
    const name = Array.isArray(entry) ? entry[1] : undefined
    if (typeof name !== 'string') throw missingPart(dir, part, 'model_index.json does not name it')
    if (!supported[part].includes(name)) {
      throw new InvalidModelError(
        `${file}: ${part} is of class ${name}; supported: ${supported[part].join(', ')}`,
        'Use an AudioLDM model such as cvssp/audioldm-s-full-v2; other parts are other models.',
      )
    }
    if (!(await isFolder(join(dir, part)))) throw missingPart(dir, part, 'there is no such folder')
    classes[part] = name
  }
  const trainedSeconds = index._audioldm_trained_seconds
  return {
    classes,
    randomWeights: index._audioldm_random_weights === true,
    ...(typeof trainedSeconds === 'number' && trainedSeconds > 0 && { trainedSeconds }),
  }
}

/**
 * CLAP's audio tower, which hub folders lack: `audio_encoder/` with its config.json and, where it is
 * there, the preprocessor_config.json that says how its spectrograms are made. undefined without one.
 */
export async function readAudioEncoderConfig(
  dir: string,
): Promise<{ main: ConfigFile; preprocessor?: ConfigFile } | undefined> {
  const folder = join(dir, audioEncoderFolder)
  if (!(await isFolder(folder))) return undefined
  const file = join(folder, 'config.json')
  if (!(await stat(file).catch(() => undefined))) {
    throw missingPart(dir, audioEncoderFolder, 'it has no config.json')
  }
  const main = { file, config: await readJsonObject(file) }
  const extractor = join(folder, 'preprocessor_config.json')
  if (!(await stat(extractor).catch(() => undefined))) return { main }
  return { main, preprocessor: { file: extractor, config: await readJsonObject(extractor) } }
}

/** The configuration of a part; where it names a class, it must be the one of the index. */
export async function readPartConfig(
  dir: string,
  part: FolderPart,
  className: string,
): Promise<ConfigFile> {
  const file = join(dir, part, part === 'scheduler' ? 'scheduler_config.json' : 'config.json')
  if (!(await stat(file).catch(() => undefined))) {
    const name = part === 'scheduler' ? 'scheduler_config.json' : 'config.json'
    throw missingPart(dir, part, `it has no ${name}`)
  }
  const config = await readJsonObject(file)
  const named = config._class_name
  // Schedulers are swapped by their class in the index alone.
  if (named !== undefined && named !== className && part !== 'scheduler') {
    throw new InvalidModelError(
      `${file}: _class_name is ${JSON.stringify(named)}; model_index.json says ${className}`,
    )
  }
  return { file, config }
}

export async function isFolder(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined)
  return info?.isDirectory() ?? false
}

/** @throws InvalidModelError */
export async function readJsonObject(file: string): Promise<{ [key: string]: Json }> {
  const info = await stat(file)
  if (!info.isFile()) throw new InvalidModelError(`${file}: is not a regular file`)
  if (info.size > MAX_CONFIG_BYTES) {
    throw new InvalidModelError(`${file}: has ${info.size} bytes, too many for a configuration`)
  }
  let value: Json
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
    value = parseJson(text)
  } catch (error) {
    throw new InvalidModelError(
      `${file}: not valid JSON: ${(error as Error).message}`,
      'Download the file again, or correct it.',
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidModelError(`${file}: is not a JSON object`)
  }
  return value
}

function missingPart(dir: string, part: string, why: string): InvalidModelError {
  return new InvalidModelError(
    `${dir}: the part ${part} is missing: ${why}`,
    'The folder is incomplete. Download the model again with audioldm pull, or save it again.',
  )
}
