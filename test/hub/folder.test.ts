import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  AudioLDMError,
  InvalidModelError,
  InvalidWeightsError,
  NativeLoadError,
} from '../../lib/errors.js'
import { describeFolder, readModelFolder } from '../../lib/hub/folder.js'
import { toNativeSpec } from '../../lib/hub/folder-spec.js'
import type { NativePart } from '../../lib/native/binding.js'
import { loadTokenizer } from '../../lib/tokenizer/tokenizer.js'
import { runPython } from '../python/run.js'

const scratch = mkdtempSync(join(tmpdir(), 'audioldm-folder-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const saved = JSON.parse(runPython('hub/python/save_models.py', [scratch])) as {
  parameters: Record<'unet' | 'vae' | 'vocoder' | 'text_encoder', number>
  alphas_cumprod: number[]
}

const archives = join(scratch, 'archives')
mkdirSync(archives)
const archiveNames = ['unet', 'vae_encoder', 'vae_decoder', 'vocoder', 'text_encoder']
for (const name of [...archiveNames, 'mel_spectrogram', 'audio_encoder']) {
  writeFileSync(join(archives, `${name}.pt`), '')
}
const specOptions = {
  device: 'cpu',
  dtype: 'float32' as const,
  threads: 2,
  archivesDir: archives,
}

function countWeights({ weights }: NativePart): number {
  return weights.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0)
}

describe.each([
  'safetensors',
  'pickle',
  'sharded',
  'old',
  'half',
])('a folder saved by diffusers, %s', (layout) => {
  it('gives the native core all it needs', async () => {
    const folder = await readModelFolder(join(scratch, layout))
    const spec = toNativeSpec(folder, specOptions)
    expect(spec).toMatchObject({
      device: 'cpu',
      dtype: 'float32',
      threads: 2,
      scalingFactor: 0.75,
      latentChannels: 4,
      latentBins: 8,
      vocoderHop: 8,
      vocoderTail: 2,
    })
    expect(spec.vocoderContext).toBeGreaterThan(3)
    expect(spec.alphasCumprod).toHaveLength(1000)
    expect([spec.alphasCumprod[0], spec.alphasCumprod[999]]).toEqual(saved.alphas_cumprod)
    expect(folder.schedule).toEqual({
      timestepSpacing: 'leading',
      stepsOffset: 1,
      setAlphaToOne: false,
    })
    const { unet, vae_encoder, vae_decoder, vocoder, text_encoder } = spec.parts
    expect(unet.archive).toBe(join(archives, 'unet.pt'))
    expect(unet.attributes).toMatchObject({ num_levels: 2, heads: [2, 4], norm_groups: 4 })
    expect(countWeights(unet)).toBe(saved.parameters.unet)
    expect(countWeights(vae_encoder) + countWeights(vae_decoder)).toBe(saved.parameters.vae)
    expect(countWeights(vocoder)).toBe(saved.parameters.vocoder)
    expect(countWeights(text_encoder)).toBe(saved.parameters.text_encoder)
    for (const part of Object.values(spec.parts)) {
      for (const { file, offset, name } of part.weights) {
        expect(offset, name).toBeLessThan(statSync(spec.files[file]).size)
      }
    }
    expect(vae_decoder.weights.map(({ name }) => name)).toContain(
      'decoder.mid_block.attentions.0.to_out.0.weight',
    )
  })

  it('is described', async () => {
    const info = await describeFolder(join(scratch, layout))
    expect(JSON.parse(JSON.stringify(info))).toEqual(info)
    expect(info).toMatchObject({
      class: 'AudioLDMPipeline',
      randomWeights: false,
      sampleRate: 8000,
      parameters: Object.values(saved.parameters).reduce((sum, n) => sum + n, 0),
      // 32 latent frames of 2 mel frames of 8 samples
      defaultDurationSeconds: 0.064,
      audioEncoder: false,
      latents: { channels: 4, bins: 8, framesPerSecond: 500 },
      text: { tokens: 64, vocabulary: 261, embedding: 12 },
    })
    expect(info.parts.unet.parameters).toBe(saved.parameters.unet)
    expect(info.parts.unet.dtypes).toEqual([layout === 'half' ? 'float16' : 'float32'])
    const files = Object.values(info.parts).flatMap((part) => part.files)
    for (const { path, bytes } of files) {
      expect(statSync(join(scratch, layout, path)).size).toBe(bytes)
    }
    expect(info.bytes).toBe(files.reduce((sum, file) => sum + file.bytes, 0))
  })
})

it('knows a tokenizer that fits the text encoder', async () => {
  const { tokenizerDir, tokenizerLimits } = await readModelFolder(join(scratch, 'safetensors'))
  const tokenizer = await loadTokenizer(tokenizerDir, tokenizerLimits)
  const { ids, truncated } = tokenizer.encode('x'.repeat(100))
  expect([ids.length, truncated]).toEqual([64, true])
})

describe('a folder with a fault', () => {
  let dir: string

  beforeEach(() => {
    dir = mkdtempSync(join(scratch, 'fault-'))
    cpSync(join(scratch, 'safetensors'), dir, { recursive: true })
  })

  afterEach(() => rmSync(dir, { recursive: true }))

  const edit = (file: string, changes: Record<string, unknown>) => {
    const json = JSON.parse(readFileSync(join(dir, file), 'utf8'))
    writeFileSync(join(dir, file), JSON.stringify({ ...json, ...changes }))
  }

  async function failure<T extends AudioLDMError>(
    kind: new (...args: never[]) => T,
    path = dir,
  ): Promise<T> {
    const error = await readModelFolder(path).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AudioLDMError)
    expect(error).toBeInstanceOf(kind)
    return error as T
  }

  it.each([
    'unet',
    'vae',
    'vocoder',
    'text_encoder',
    'tokenizer',
    'scheduler',
  ])('is refused without the part %s, by name', async (part) => {
    rmSync(join(dir, part), { recursive: true })
    const { message, hint } = await failure(InvalidModelError)
    expect(message).toContain(`the part ${part} is missing`)
    expect(hint).toContain('audioldm pull')

    mkdirSync(join(dir, part))
    if (part !== 'tokenizer') {
      expect((await failure(InvalidModelError)).message).toMatch(`${part} is missing: it has no`)
    }
    edit('model_index.json', { [part]: [null, null] })
    expect((await failure(InvalidModelError)).message).toMatch('does not name it')
  })

  it.each<[string, string, Record<string, unknown>, RegExp]>([
    [
      'another pipeline',
      'model_index.json',
      { _class_name: 'AudioLDM2Pipeline' },
      /"AudioLDM2Pipeline"; supported: "AudioLDMPipeline"/,
    ],
    [
      'another UNet',
      'model_index.json',
      { unet: ['diffusers', 'UNet2DModel'] },
      /unet is of class UNet2DModel; supported: UNet2DConditionModel/,
    ],
    [
      'another scheduler',
      'model_index.json',
      { scheduler: ['diffusers', 'FlowMatchEulerDiscreteScheduler'] },
      /scheduler is of class FlowMatch/,
    ],
    [
      'another text encoder',
      'model_index.json',
      { text_encoder: ['transformers', 'T5EncoderModel'] },
      /supported: ClapText/,
    ],
    [
      'a part of another class',
      'vae/config.json',
      { _class_name: 'VQModel' },
      /vae\/config.json: _class_name is "VQModel"/,
    ],
    [
      'an unknown block type',
      'unet/config.json',
      { down_block_types: ['DownBlock2D', 'KDownBlock2D'] },
      /unet\/config.json: down_block_types.1 is "KDownBlock2D"; supp/,
    ],
    [
      'latents that differ',
      'unet/config.json',
      { in_channels: 8, out_channels: 8 },
      /unet in_channels is 8, vae latent_channels is 4/,
    ],
    [
      'embeddings that differ',
      'unet/config.json',
      { projection_class_embeddings_input_dim: 512 },
      /input_dim is 512, text_encoder projection_dim is 12/,
    ],
    [
      'mel bins the VAE cannot halve',
      'vocoder/config.json',
      { model_in_dim: 15 },
      /model_in_dim is 15, which/,
    ],
    [
      'a scaling factor of 0',
      'vae/config.json',
      { scaling_factor: 0 },
      /scaling_factor is 0; expected/,
    ],
  ])('is refused with %s', async (_, file, changes, says) => {
    edit(file, changes)
    expect((await failure(InvalidModelError)).message).toMatch(says)
  })

  it.each<[string, string | Buffer, RegExp]>([
    [
      'a duplicate key',
      '{"layers_per_block": 1, "layers_per_block": 2}',
      /"layers_per_block" is there twice/,
    ],
    ['deep nesting', '['.repeat(1e5), /nested deeper/],
    ['a list', '[]', /not a JSON object/],
    ['nothing', '', /not valid JSON/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /not valid JSON/],
    ['megabytes', ' '.repeat(2 << 20), /too many for a configuration/],
  ])('is refused with %s for a configuration', async (_, text, says) => {
    writeFileSync(join(dir, 'unet/config.json'), text)
    expect((await failure(InvalidModelError)).message).toMatch(says)
  })

  it('is refused when it is no model folder at all', async () => {
    expect((await failure(InvalidModelError, join(dir, 'nowhere'))).message).toMatch(
      /no such folder/,
    )
    expect((await failure(InvalidModelError, join(dir, 'unet'))).message).toMatch(/no model_index/)
    rmSync(join(dir, 'unet/config.json'))
    mkdirSync(join(dir, 'unet/config.json'))
    expect((await failure(InvalidModelError)).message).toMatch(/not a regular file/)
  })

  it('is refused with all tensors listed that do not fit', async () => {
    edit('unet/config.json', { layers_per_block: 2 })
    const { message, problems } = await failure(InvalidWeightsError)
    expect(message).toContain(join(dir, 'unet'))
    const missing = problems.filter((problem) => problem.startsWith('missing: '))
    expect(missing).toContain('missing: down_blocks.1.attentions.1.proj_in.weight [16, 16, 1, 1]')
    expect(problems.some((problem) => problem.startsWith('wrong shape: '))).toBe(true)

    edit('unet/config.json', { layers_per_block: 1 })
    edit('text_encoder/config.json', { num_hidden_layers: 1, vocab_size: 300 })
    const text = await failure(InvalidWeightsError)
    expect(text.problems).toContain(
      'wrong shape: text_model.embeddings.word_embeddings.weight is [261, 16], expected [300, 16]',
    )
    expect(text.problems).toContain(
      'unexpected: text_model.encoder.layer.1.attention.self.query.weight',
    )
  })

  it('needs mean and scale of the vocoder only where they are used', async () => {
    edit('vocoder/config.json', { normalize_before: true })
    const { parts } = await readModelFolder(dir)
    expect([...parts.vocoder.tensors.keys()]).toEqual(expect.arrayContaining(['mean', 'scale']))
    const plain = await readModelFolder(join(scratch, 'safetensors'))
    expect(plain.parts.vocoder.tensors.has('mean')).toBe(false)
  })

  it('is refused with truncated weights, and without weights', async () => {
    const weights = join(dir, 'unet/diffusion_pytorch_model.safetensors')
    truncateSync(weights, statSync(weights).size - 1)
    expect((await failure(InvalidWeightsError)).message).toContain(weights)
    renameSync(weights, join(dir, 'unet/weights.safetensors'))
    expect((await failure(InvalidModelError)).message).toContain('has no weights')
  })

  it('says so when its weights are random', async () => {
    edit('model_index.json', { _audioldm_random_weights: true })
    expect((await describeFolder(dir)).randomWeights).toBe(true)
  })

  it('needs the archives', async () => {
    const folder = await readModelFolder(dir)
    const spec = () => toNativeSpec(folder, { ...specOptions, archivesDir: join(dir, 'nowhere') })
    expect(spec).toThrow(NativeLoadError)
    expect(spec).toThrow(/there is no archive .*unet\.pt/)
  })
})
