/** CLAP as the authors of LAION-CLAP publish it: both towers in one `.pt` file. */
import { planAudioEncoder } from '../../architectures/audio-encoder.js'
import { type PartPlan, TensorShapes } from '../../architectures/plan.js'
import { planTextEncoder, type TextEncoderPlan } from '../../architectures/text-encoder.js'
import { InvalidWeightsError } from '../../errors.js'
import type { Json } from '../../files/json.js'
import type { TensorTable } from '../../native/tensor-table.js'
import { checkTensors } from '../names.js'
import { type AudioConfig, inferAudio, renameAudio } from './audio.js'
import { applyRenames, expectedBy, type Rename, Shapes } from './rename.js'
import { inferText, renameText } from './text.js'

export interface LaionClap {
  audio: { plan: PartPlan; tensors: TensorTable }
  text: { plan: TextEncoderPlan; tensors: TensorTable }
  /** Trained with feature fusion: it hears longer clips whole. */
  fusion: boolean
  ignored: string[]
}

/** What a parallel training puts before every name. */
const parallel = 'module.'

/** Filters that are computed, heads of other tasks, buffers, and what only a loss needs. */
const unused = new RegExp(
  [
    '^audio_branch\\.(spectrogram_extractor|logmel_extractor|tscam_conv|head)\\.',
    '\\.(attn_mask|relative_position_index|num_batches_tracked|position_ids|token_type_ids)$',
    '^(audio|text)_transform\\.',
    '^logit_scale_[at]$',
  ].join('|'),
)

export function isLaionClap(table: TensorTable): boolean {
  const names = [...table.keys()].map(withoutPrefix)
  return ['audio_branch.', 'text_branch.'].every((root) =>
    names.some((name) => name.startsWith(root)),
  )
}

/** @throws InvalidWeightsError listing all tensors that do not fit, InvalidModelError */
export function laionClap(path: string, table: TensorTable): LaionClap {
  const ignored: string[] = []
  const found: TensorTable = new Map()
  for (const [name, source] of table) {
    const short = withoutPrefix(name)
    if (unused.test(short)) ignored.push(name)
    else found.set(short, source)
  }
  const shapes = new Shapes((name) => found.get(name)?.shape)
  const audioConfig = inferAudio(shapes)
  const textConfig = inferText(shapes)
  const missing = [...new Set(shapes.missing)].map((name) => `missing: ${name}`)
  if (missing.length > 0) {
    throw new InvalidWeightsError(
      `${path}: lacks tensors of CLAP that tell its structure`,
      missing,
      'Its audio tower must be HTSAT and its text tower RoBERTa.',
    )
  }
  const fusion = found.has('audio_branch.patch_embed.mel_conv2d.weight')
  const audio = audioPlan(path, audioConfig, fusion)
  const text = planTextEncoder(textConfig as Json, `${path} (text encoder)`)
  const renames = { audio: renameAudio(audio.tensors), text: renameText(text.tensors) }
  checkTensors(found, expectedBy([...renames.audio, ...renames.text]), path)
  const tensors = (part: Rename[]) => applyRenames(part, found)
  return {
    audio: { plan: audio, tensors: tensors(renames.audio) },
    text: { plan: text, tensors: tensors(renames.text) },
    fusion,
    ignored,
  }
}

function withoutPrefix(name: string): string {
  return name.startsWith(parallel) ? name.slice(parallel.length) : name
}

function audioPlan(path: string, config: AudioConfig, fusion: boolean): PartPlan {
  const plan = planAudioEncoder(config as unknown as Json, `${path} (audio encoder)`)
  // As the package does before it computes anything else.
  const attributes = { ...plan.attributes, quantize: true }
  if (!fusion) return { ...plan, attributes }
  const tensors = new Map([...plan.tensors, ...fusionShapes(config)])
  return { ...plan, archive: 'fusion_audio_encoder', attributes, tensors }
}

function fusionShapes({ patch_size: patch, patch_embeds_hidden_size: width }: AudioConfig) {
  const t = new TensorShapes()
  const embed = 'audio_model.audio_encoder.patch_embed'
  t.set(`${embed}.mel_conv2d.weight`, [width, 1, patch, 3 * patch])
  t.set(`${embed}.mel_conv2d.bias`, [width])
  const inner = Math.trunc(width / 4)
  // Where the first layer stands: before it, one branch has a mean.
  for (const [branch, first] of [
    ['local_att', 0],
    ['global_att', 1],
  ] as const) {
    const layer = (index: number) => `${embed}.fusion_model.${branch}.${first + index}`
    for (const [index, inputs, outputs] of [
      [0, width, inner],
      [3, inner, width],
    ]) {
      t.conv2d(layer(index), inputs, outputs, 1)
      t.norm(layer(index + 1), outputs)
      t.set(`${layer(index + 1)}.running_mean`, [outputs])
      t.set(`${layer(index + 1)}.running_var`, [outputs])
    }
  }
  return t.map
}
