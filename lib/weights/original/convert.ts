import { planAudioEncoder } from '../../architectures/audio-encoder.js'
import { planTextEncoder } from '../../architectures/text-encoder.js'
import { planUNet } from '../../architectures/unet.js'
import { planVae } from '../../architectures/vae.js'
import { planVocoder } from '../../architectures/vocoder.js'
import { InvalidWeightsError } from '../../errors.js'
import type { Json } from '../../files/json.js'
import type { TensorSource, TensorTable } from '../../native/tensor-table.js'
import type { TensorBytes } from '../safetensors-writer.js'
import { readTensor } from '../tensor.js'
import type { TorchContent } from '../torch-file.js'
import { audioBuffers, inferAudio, renameAudio } from './audio.js'
import { Checkpoint } from './checkpoint.js'
import type { Shapes } from './rename.js'
import { inferText, renameText, textBuffers } from './text.js'
import { headCounts, inferUNet, renameUNet } from './unet.js'
import { inferVae, renameVae } from './vae.js'
import { inferVocoder, renameVocoder, type VocoderConfig } from './vocoder.js'

/** One folder of the hub layout, ready to be written. */
export interface Part {
  folder: string
  file: string
  config: object
  tensors: Map<string, TensorSource | TensorBytes>
}

export interface Conversion {
  parts: Part[]
  /** Rows of the text encoder's embedding: a tokenizer's ids lie below. */
  vocabSize: number
  ema: boolean
  warnings: string[]
  ignored: string[]
}

/**
 * What a hub folder of an original checkpoint holds. Reads a few scalars and otherwise names and
 * shapes only; everything that does not fit is an error here, before anything is written.
 */
export async function convertCheckpoint(
  path: string,
  { tensors: table, scalars }: Pick<TorchContent, 'tensors' | 'scalars'>,
  headWidth?: number,
): Promise<Conversion> {
  const checkpoint = new Checkpoint(path, table)
  const scale = await scaleFactor(checkpoint, scalars.get('scale_factor'))

  const unetStructure = infer(checkpoint, 'unet', inferUNet)
  const heads = headCounts(unetStructure, headWidth)
  const unetConfig = { ...unetStructure, attention_head_dim: heads }
  const unetTensors = planUNet(unetConfig as Json, `${path} (UNet)`).tensors
  const unet = checkpoint.takeUNet(renameUNet(unetTensors, unetConfig))

  const vaeConfig = infer(checkpoint, 'vae', (shapes) => inferVae(shapes, scale))
  const vaePlan = planVae(vaeConfig as Json, `${path} (VAE)`)
  const vaeTensors = new Map([...vaePlan.encoder.tensors, ...vaePlan.decoder.tensors])
  const vaeLevels = vaeConfig.block_out_channels.length

  const vocoderConfig = infer(checkpoint, 'vocoder', inferVocoder)
  const vocoderTensors = planVocoder(vocoderConfig as Json, `${path} (vocoder)`).tensors

  const textConfig = infer(checkpoint, 'clap', inferText)
  const textTensors = planTextEncoder(textConfig as Json, `${path} (text encoder)`).tensors

  const vocoder = checkpoint.take('vocoder', renameVocoder(vocoderTensors))
  const text = checkpoint.take('text', renameText(textTensors))
  const parts: Part[] = [
    diffusersPart('unet', unetConfig, unet.tensors),
    diffusersPart('vae', vaeConfig, checkpoint.take('vae', renameVae(vaeTensors, vaeLevels))),
    transformersPart('vocoder', vocoderConfig, vocoder, unusedStatistics(vocoderConfig)),
    transformersPart(
      'text_encoder',
      textConfig,
      text,
      textBuffers(textConfig.max_position_embeddings),
    ),
  ]
  if (checkpoint.hasAudioTower) {
    const config = infer(checkpoint, 'clap', inferAudio)
    const { tensors } = planAudioEncoder(config as Json, `${path} (audio encoder)`)
    const audio = checkpoint.take('audio', renameAudio(tensors))
    parts.push(transformersPart('audio_encoder', config, audio, audioBuffers(config)))
  } else {
    checkpoint.warnings.push('the checkpoint has no CLAP audio tower: no audio_encoder/ is written')
  }
  const ignored = checkpoint.leftOver()
  const { warnings } = checkpoint
  return { parts, vocabSize: textConfig.vocab_size, ema: unet.ema, warnings, ignored }
}

function diffusersPart(folder: string, config: object, tensors: TensorTable): Part {
  return { folder, file: 'diffusion_pytorch_model.safetensors', config, tensors }
}

function transformersPart(
  folder: string,
  config: object,
  tensors: TensorTable,
  buffers: [string, TensorBytes][],
): Part {
  return {
    folder,
    file: 'model.safetensors',
    config,
    tensors: new Map<string, TensorSource | TensorBytes>([...tensors, ...buffers]),
  }
}

/** Reads a configuration off shapes; tensors that it needs and lacks are one error. */
function infer<T>(
  checkpoint: Checkpoint,
  part: Parameters<Checkpoint['shapes']>[0],
  read: (shapes: Shapes) => T,
): T {
  const shapes = checkpoint.shapes(part)
  const config = read(shapes)
  if (shapes.missing.length > 0) {
    throw new InvalidWeightsError(
      `${checkpoint.path}: lacks tensors of the ${part} that tell its structure`,
      [...new Set(shapes.missing)].map((name) => `missing: ${name}`),
    )
  }
  return config
}

/** The scale of the latents: part of the checkpoint, 1 where training did not set it. */
async function scaleFactor(checkpoint: Checkpoint, scalar: unknown): Promise<number> {
  const source = checkpoint.takeOne('scale_factor')
  let value = scalar === undefined ? 1 : Number(scalar)
  if (source) {
    const values = await readTensor(source)
    value = values.length === 1 ? Number(values[0]) : Number.NaN
  } else if (scalar === undefined) {
    checkpoint.warnings.push('the checkpoint has no scale_factor: 1 is used')
  }
  if (!Number.isFinite(value) || value <= 0) {
    throw new InvalidWeightsError(`${checkpoint.path}: scale_factor is not a positive number`)
  }
  return value
}

/** Buffers that transformers' class has; without normalize_before they are not used. */
function unusedStatistics({ model_in_dim: mels }: VocoderConfig): [string, TensorBytes][] {
  const buffer = (value: number): TensorBytes => ({
    dtype: 'float32',
    shape: [mels],
    data: new Float32Array(mels).fill(value),
  })
  return [
    ['mean', buffer(0)],
    ['scale', buffer(1)],
  ]
}
