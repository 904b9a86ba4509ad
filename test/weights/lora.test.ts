/** Adapters as diffusers and peft save them, and what a model makes of them. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidOptionError, InvalidWeightsError } from '../../lib/errors.js'
import { generate } from '../../lib/generate/generate.js'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import { type LoadModelOptions, loadModel } from '../../lib/model/model.js'
import { Trainer } from '../../lib/native/trainer.js'
import { readLora } from '../../lib/weights/lora.js'
import { type TensorBytes, writeSafetensors } from '../../lib/weights/safetensors-writer.js'
import { tinyModel } from '../models'
import { core, makeData, native, normal, readTiny, specOf } from '../training/setup.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-lora-'))
afterAll(() => rmSync(work, { recursive: true }))

const modules = ['class_embedding', 'mid_block.attentions.0.transformer_blocks.0.attn1.to_q']
let folder: ModelFolder
let shapes: Map<string, number[]>
beforeAll(async () => {
  folder = await readTiny()
  shapes = folder.parts.unet.plan.tensors
})

const tensor = (shape: number[], seed = 1): TensorBytes => ({
  dtype: 'float32',
  shape,
  data: normal(
    seed,
    shape.reduce((count, size) => count * size, 1),
  ),
})

/** Tensors of adapters of rank 3 for all modules, with names that begin and end so. */
function tensors(prefix: string): Map<string, TensorBytes> {
  const all = new Map<string, TensorBytes>()
  for (const [i, module] of modules.entries()) {
    const [out, inner] = shapes.get(`${module}.weight`) as number[]
    all.set(`${prefix}.${module}.lora_A.weight`, tensor([3, inner], 2 * i))
    all.set(`${prefix}.${module}.lora_B.weight`, tensor([out, 3], 2 * i + 1))
  }
  return all
}

let made = 0

interface Layout {
  file?: string
  all?: Map<string, TensorBytes>
  metadata?: Record<string, string>
  config?: unknown
}

/** A folder with adapters in it. */
async function adapterFolder(layout: Layout = {}): Promise<string> {
  const path = join(work, `adapter-${made++}`)
  mkdirSync(path)
  const { file = 'pytorch_lora_weights.safetensors', all = tensors('unet'), config } = layout
  await writeSafetensors(join(path, file), all, { metadata: layout.metadata })
  if (config !== undefined) {
    const text = typeof config === 'string' ? config : JSON.stringify(config)
    writeFileSync(join(path, 'adapter_config.json'), text)
  }
  return path
}

const scales = async (layout: Layout): Promise<number[]> =>
  (await readLora(await adapterFolder(layout), shapes)).map(({ scale }) => scale)

const inFile = (fields: object) => ({ lora_adapter_metadata: JSON.stringify(fields) })

describe('adapters are read', () => {
  const peft = { file: 'adapter_model.safetensors' }

  test('from a folder and from a file', async () => {
    const path = await adapterFolder()
    const adapters = await readLora(path, shapes)
    expect(adapters.map(({ target }) => target).sort()).toEqual(modules.map((m) => `${m}.weight`))
    expect(await readLora(join(path, 'pytorch_lora_weights.safetensors'), shapes)).toEqual(adapters)
    for (const { target, down, up, scale } of adapters) {
      const [out, inner] = shapes.get(target) as number[]
      expect([down.shape, up.shape, scale]).toEqual([[3, inner], [out, 3], 1])
    }
  })

  test.each<[string, () => Layout, number[]]>([
    ['alpha is the rank where nothing says so', () => ({}), [1, 1]],
    ['diffusers, in the file', () => ({ metadata: inFile({ 'unet.lora_alpha': 12 }) }), [4, 4]],
    [
      'diffusers, for one layer',
      () => ({
        metadata: inFile({ 'unet.lora_alpha': 3, 'unet.alpha_pattern': { 'attn1.to_q': 6 } }),
      }),
      [1, 2],
    ],
    [
      'tensors of the file before all else',
      () => ({
        all: tensors('unet').set(`unet.${modules[1]}.alpha`, {
          ...tensor([]),
          data: Float32Array.of(1.5),
        }),
        metadata: inFile({ 'unet.lora_alpha': 12 }),
      }),
      [4, 0.5],
    ],
    [
      'peft, beside the file',
      () => ({ ...peft, all: tensors('base_model.model'), config: { lora_alpha: 6 } }),
      [2, 2],
    ],
    [
      'peft, rank-stabilised',
      () => ({
        ...peft,
        all: tensors('base_model.model'),
        config: { peft_type: 'LORA', lora_alpha: 6, use_rslora: true },
      }),
      [6 / Math.sqrt(3), 6 / Math.sqrt(3)],
    ],
  ])('%s', async (_, layout, expected) => {
    expect(await scales(layout())).toEqual(expected)
  })

  const but = (name: string, change?: TensorBytes) => {
    const all = tensors('unet')
    if (change) all.set(name, change)
    else all.delete(name)
    return { all }
  }
  const first = 'unet.class_embedding'

  test.each<[string, () => Layout, RegExp]>([
    ['no adapters', () => ({ all: new Map() }), /no tensor is named/],
    ['half an adapter', () => but(`${first}.lora_A.weight`), /class_emb.* lacks lora_A\.weight/],
    ['the other half', () => but(`${first}.lora_B.weight`), /class_emb.* lacks lora_B\.weight/],
    ['too wide', () => but(`${first}.lora_A.weight`, tensor([3, 7])), /\[3,7\].*expected \[rank/],
    ['another rank', () => but(`${first}.lora_A.weight`, tensor([4, 512])), /is \[4,512\] and/],
    ['no rank', () => but(`${first}.lora_A.weight`, tensor([0, 512])), /is \[0,512\] and/],
    ['another form', () => but(`${first}.lora_A.weight`, tensor([3, 512, 1])), /is \[3,512,1\]/],
    [
      'whole numbers',
      () =>
        but(`${first}.lora_A.weight`, {
          dtype: 'int32',
          shape: [3, 512],
          data: new Int32Array(1536),
        }),
      /holds int32/,
    ],
    ['another layer', () => but('unet.no.such.lora_A.weight', tensor([3, 3])), /no\.such\.weight/],
    ['a convolution', () => but('unet.conv_in.lora_A.weight', tensor([3, 3])), /conv_in.*linear/],
    ['a text encoder', () => but('text_encoder.a.lora_A.weight', tensor([1])), /unexpected: text/],
    ['DoRA', () => but(`${first}.lora_magnitude_vector`, tensor([16])), /unexpected: .*magnitude/],
    ['DoRA by name', () => ({ config: { use_dora: true } }), /use_dora is not supported/],
    ['another method', () => ({ config: { peft_type: 'LOHA' } }), /"LOHA" is not LORA/],
    ['an alpha', () => ({ config: { lora_alpha: 'much' } }), /alpha is not a finite number/],
    ['alphas', () => but(`${first}.alpha`, tensor([2])), /alpha is not a finite number/],
    ['a configuration', () => ({ config: '{"r": 3' }), /adapter_config\.json: not valid JSON/],
    ['a list', () => ({ config: [] }), /adapter_config\.json: is not a JSON object/],
    ['metadata', () => ({ metadata: { lora_adapter_metadata: '{' } }), /lora_adapter_metadata/],
  ])('but not %s', async (_, layout, message) => {
    const reading = readLora(await adapterFolder(layout()), shapes)
    await expect(reading).rejects.toBeInstanceOf(InvalidWeightsError)
    await expect(reading).rejects.toThrow(message)
  })

  test.each<[string, () => string, RegExp]>([
    ['nothing', () => join(work, 'no'), /no: cannot be opened/],
    ['an empty folder', () => mkdtempSync(join(work, 'empty-')), /has no adapters; looked for/],
    ['another file', () => join(tinyModel, 'model_index.json'), /not a valid safetensors/],
  ])('nor from %s', async (_, path, message) => {
    await expect(readLora(path(), shapes)).rejects.toThrow(message)
  })
})

describe('a model with adapters', () => {
  const cpu = { device: 'cpu', dtype: 'float32', threads: 1 } as const

  async function listen(source: string, options: LoadModelOptions) {
    const model = await loadModel(source, { ...cpu, ...options })
    const request = { prompt: 'rain', seed: 3, steps: 2, durationSeconds: 0.64 }
    const { audio } = await generate(model, request)
    const wave = await audio[0].toFloat32Array()
    for (const one of audio) one.dispose()
    const { info } = model
    await model.dispose()
    return { wave, info }
  }

  /** The largest difference in units of the largest magnitude. */
  function apart(a: Float32Array, b: Float32Array): number {
    const peak = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / peak
  }

  test('is the trained one', async () => {
    const { data, dispose } = makeData(3)
    const lora = { rank: 2, alpha: 6, modules }
    const trainer = await Trainer.load(native, specOf(folder, { lora, learningRate: 0.02 }))
    await trainer.train(data, 10, () => {})
    const adapter = join(work, 'trained')
    mkdirSync(adapter)
    await trainer.save(
      join(adapter, 'pytorch_lora_weights.safetensors'),
      trainer.trainable.map(({ name }) => ({ name: `unet.${name}`, source: `ema/${name}` })),
      inFile({ 'unet.r': 2, 'unet.lora_alpha': 6 }),
    )
    // The same, merged by the trainer.
    const merged = join(work, 'merged')
    cpSync(tinyModel, merged, { recursive: true })
    const weights = join(merged, 'unet', 'diffusion_pytorch_model.safetensors')
    rmSync(weights)
    const entries = [...shapes.keys()].map((name) => ({ name, source: `merged/${name}` }))
    await trainer.save(weights, entries)
    await trainer.dispose()
    dispose()

    const base = await listen(tinyModel, {})
    const adapted = await listen(tinyModel, { lora: adapter })
    const whole = await listen(merged, {})
    expect(adapted.info.lora).toEqual({ path: adapter, scale: 1 })
    expect(base.info.lora).toBe(null)
    expect(adapted.wave).toEqual(whole.wave)
    expect(apart(adapted.wave, base.wave)).toBeGreaterThan(1e-3)

    const off = await listen(tinyModel, { lora: adapter, loraScale: 0 })
    expect(off.wave).toEqual(base.wave)
    // Sums are taken in float32 and rounded once, whatever the model computes in.
    const bfloat16 = { dtype: 'bfloat16' } as const
    const narrow = await listen(tinyModel, { ...bfloat16, lora: adapter })
    expect(narrow.wave).toEqual((await listen(merged, bfloat16)).wave)

    const out = join(work, 'cli.wav')
    const args = ['generate', 'rain', '--steps', '2', '--duration', '0.64', '--seed', '3', '--json']
    const main = join(__dirname, '..', '..', 'dist', 'cli', 'main.js')
    const output = execFileSync(
      process.execPath,
      [main, ...args, '--model', tinyModel, '--out', out, '--lora', adapter, '--lora-scale', '0.5'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    expect(JSON.parse(String(output)).model.lora).toEqual({ path: adapter, scale: 0.5 })
  }, 300_000)

  test.each<[LoadModelOptions, RegExp]>([
    [{ loraScale: 1 }, /^loraScale: needs the adapters/],
    [{ lora: 'x', loraScale: 17 }, /^loraScale: /],
    [{ lora: '' }, /^lora: expected a file or a folder/],
  ])('needs them, and a scale in range: %j', async (options, message) => {
    const loading = loadModel(tinyModel, { ...cpu, ...options })
    await expect(loading).rejects.toBeInstanceOf(InvalidOptionError)
    await expect(loading).rejects.toThrow(message)
  })

  test('too large to stay finite is not loaded', async () => {
    const { data, ...rest } = tensor([3, 512])
    const huge = { ...rest, data: (data as Float32Array).map(() => 3e38) }
    const lora = await adapterFolder({
      all: tensors('unet').set('unet.class_embedding.lora_A.weight', huge),
    })
    const before = core.liveTensorBytes()
    const loading = loadModel(tinyModel, { ...cpu, lora })
    await expect(loading).rejects.toBeInstanceOf(InvalidWeightsError)
    await expect(loading).rejects.toThrow(/'class_embedding\.weight'.*not finite/)
    expect(core.liveTensorBytes()).toBe(before)
  })
})

describe('adapters that the core is told of', () => {
  const [module] = modules

  /** How loading ends where TypeScript checked nothing. */
  async function load(change: object): Promise<string> {
    const { toNativeSpec } = await import('../../lib/hub/folder-spec.js')
    const { archivesDir } = await import('../../lib/files/paths.js')
    const adapters = await readLora(await adapterFolder(), shapes)
    const options = { device: 'cpu', dtype: 'float32', threads: 1, archivesDir: archivesDir() }
    const spec = toNativeSpec(folder, { ...options, adapters } as Parameters<
      typeof toNativeSpec
    >[1])
    const unet = spec.parts.unet
    unet.adapters = unet.adapters?.map((one) =>
      one.target === `${module}.weight` ? { ...one, ...change } : one,
    )
    return new Promise((resolve) => {
      const model = new core.NativeModel(spec, (error) =>
        model.dispose(() => resolve(`${error?.code}: ${error?.message}`)),
      )
    })
  }

  const weight = (shape: number[], offset = 0, file = 0) => ({
    name: 'mine',
    file,
    offset,
    dtype: 'float32' as const,
    shape,
    strides: shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1)),
  })

  test.each<[string, object, RegExp]>([
    ['no target', { target: 'no.such' }, /INVALID_WEIGHTS: .*'no\.such'/],
    [
      'a bias',
      { target: 'class_embedding.bias' },
      /INVALID_WEIGHTS: .*class_embedding\.bias'.*lin/,
    ],
    ['a convolution', { target: 'conv_in.weight' }, /INVALID_WEIGHTS: .*conv_in\.weight'.*linear/],
    ['too narrow', { down: weight([3, 5]) }, /INVALID_WEIGHTS: .*'mine' is \[3, 5\]/],
    ['one dimension', { down: weight([512]) }, /INVALID_WEIGHTS: .*'mine' is \[512\]/],
    ['too many rows', { up: weight([2 ** 40, 3]) }, /INVALID_WEIGHTS: .*'mine' is/],
    ['another rank', { down: weight([2, 512]) }, /INVALID_WEIGHTS: .*does not fit/],
    ['a place past the end', { down: weight([3, 512], 2 ** 50) }, /INVALID_WEIGHTS: .*beyond/],
    ['no file', { down: weight([3, 512], 0, 99) }, /INVALID_WEIGHTS: .*not given/],
    ['a scale', { scale: Number.NaN }, /INVALID_WEIGHTS: .*infinite strength/],
  ])('%s', async (_, change, message) => {
    expect(await load(change)).toMatch(message)
  })
})
