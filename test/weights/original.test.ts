import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { planUNet } from '../../lib/architectures/unet.js'
import { planVae } from '../../lib/architectures/vae.js'
import { planVocoder } from '../../lib/architectures/vocoder.js'
import {
  AbortError,
  InvalidModelError,
  InvalidOptionError,
  InvalidWeightsError,
  OutputError,
} from '../../lib/errors.js'
import type { Json } from '../../lib/files/json.js'
import { contiguousStrides, type TensorSource } from '../../lib/native/tensor-table.js'
import { Checkpoint } from '../../lib/weights/original/checkpoint.js'
import { importCheckpoint } from '../../lib/weights/original/import.js'
import { type Rename, Shapes } from '../../lib/weights/original/rename.js'
import { emaName, headCounts, inferUNet, renameUNet } from '../../lib/weights/original/unet.js'
import { inferVae, renameVae } from '../../lib/weights/original/vae.js'
import { inferVocoder, renameVocoder } from '../../lib/weights/original/vocoder.js'
import { writeSafetensors } from '../../lib/weights/safetensors-writer.js'
import { runPython } from '../python/run.js'
import { scratchFolder } from './scratch.js'

interface Row {
  original: string
  hub: string
  shape: number[]
  ema: string
}

function keymap(name: string, prefix: string): Row[] {
  const file = join(__dirname, '..', 'fixtures', 'keymaps', `${name}.tsv.gz`)
  const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n').slice(1)
  return lines.map((line) => {
    const [original, hub, shape, ema] = line.split('\t')
    expect(original.startsWith(prefix)).toBe(true)
    return { original: original.slice(prefix.length), hub, shape: JSON.parse(shape), ema }
  })
}

const shapesOf = (rows: Row[]) => {
  const byName = new Map(rows.map((row) => [row.original, row.shape]))
  return new Shapes((name) => byName.get(name))
}

/** Order does not matter: names, shapes and pairs do. */
const pairs = (renames: Pick<Rename, 'from' | 'to' | 'shape'>[]) =>
  new Map(renames.map(({ from, to, shape }) => [from, { to, shape }]))

const pairsOf = (rows: Row[]) =>
  pairs(rows.map(({ original, hub, shape }) => ({ from: original, to: hub, shape })))

describe('the authors’ names and shapes, all of them, come out of the shapes alone', () => {
  test.each([
    ['s', 128, [4, 8, 12, 20]],
    ['m', 192, [6, 12, 18, 30]],
    ['l', 256, [4, 8, 12, 20]],
  ])('UNet %s', (size, width, heads) => {
    const rows = keymap(`unet_${size}`, 'model.diffusion_model.')
    expect(rows.length).toBe(690)
    const structure = inferUNet(shapesOf(rows))
    const config = { ...structure, attention_head_dim: headCounts(structure) }
    expect(config.attention_head_dim).toEqual(heads)
    expect(config.block_out_channels).toEqual([1, 2, 3, 5].map((m) => m * width))
    expect([config.in_channels, config.layers_per_block]).toEqual([8, 2])
    const renames = renameUNet(planUNet(config as Json, 'unet').tensors, config)
    expect(pairs(renames)).toEqual(pairsOf(rows))
    const flat = new Map(rows.map((row) => [row.original, row.ema]))
    for (const { from } of renames) expect(emaName(from)).toBe(flat.get(from))
  })

  test('UNet of which only the EMA copy is left', () => {
    const rows = keymap('unet_s', 'model.diffusion_model.')
    const others = ['first_stage_model.a', 'cond_stage_model.model.text_branch.a']
    const source = (shape: number[]): TensorSource => ({
      file: '',
      offset: 0,
      dtype: 'float32',
      shape,
      strides: contiguousStrides(shape),
    })
    const checkpoint = new Checkpoint(
      'ema.ckpt',
      new Map([
        ...rows.map((row): [string, TensorSource] => [row.ema, source(row.shape)]),
        ...others.map((name): [string, TensorSource] => [name, source([1])]),
      ]),
    )
    const structure = inferUNet(checkpoint.shapes('unet'))
    const config = { ...structure, attention_head_dim: headCounts(structure) }
    const renames = renameUNet(planUNet(config as Json, 'unet').tensors, config)
    const { ema, tensors } = checkpoint.takeUNet(renames)
    expect(ema).toBe(true)
    expect(new Set(tensors.keys())).toEqual(new Set(rows.map((row) => row.hub)))
  })

  test('VAE', () => {
    const rows = keymap('vae', 'first_stage_model.')
    expect(rows.length).toBe(204)
    const config = inferVae(shapesOf(rows), 0.9)
    expect(config.block_out_channels).toEqual([128, 256, 512])
    expect([config.latent_channels, config.layers_per_block]).toEqual([8, 2])
    const { encoder, decoder } = planVae(config as Json, 'vae')
    const renames = renameVae(new Map([...encoder.tensors, ...decoder.tensors]), 3)
    expect(pairs(renames)).toEqual(pairsOf(rows))
  })

  test('vocoder', () => {
    const rows = keymap('vocoder', 'first_stage_model.vocoder.')
    expect(rows.length).toBe(194)
    const config = inferVocoder(shapesOf(rows))
    const renames = renameVocoder(planVocoder(config as Json, 'vocoder').tensors)
    expect(pairs(renames)).toEqual(pairsOf(rows))
  })
})

describe('an original checkpoint', () => {
  const dir = scratchFolder()
  const tokenizer = join(dir, 'tokenizer')
  const options = { tokenizer, headWidth: 16 }
  const at = (name: string) => join(dir, name)

  beforeAll(() => {
    runPython('weights/python/make_checkpoint.py', [dir])
  })

  test('becomes a folder that diffusers and transformers load, every tensor equal', async () => {
    const seen = new Set<string>()
    let last = { bytes: 0, totalBytes: -1 }
    const aldm = await importCheckpoint(at('aldm.ckpt'), at('aldm-out'), {
      ...options,
      onProgress: (progress) => {
        seen.add(progress.part ?? progress.phase)
        last = progress
      },
    })
    expect(seen).toEqual(
      new Set(['verify', 'unet', 'vae', 'vocoder', 'text_encoder', 'audio_encoder']),
    )
    expect(last.bytes).toBe(last.totalBytes)
    expect(aldm).toMatchObject({ outDir: at('aldm-out'), ema: true, warnings: [] })
    expect(aldm.ignored).toContain('betas')
    expect(aldm.ignored).not.toContain('scale_factor')
    expect(aldm.ignored).toContain('model_ema.decay')
    expect(aldm.ignored).toContain('model.diffusion_model.out.2.bias')
    expect(aldm.ignored).toContain('cond_stage_model.model.text_branch.embeddings.position_ids')

    const atf = await importCheckpoint(at('atf.ckpt'), at('atf-out'), options)
    expect(atf).toMatchObject({ ema: true, warnings: [] })
    const extractor = readFileSync(at('aldm-out/audio_encoder/preprocessor_config.json'), 'utf8')
    expect(JSON.parse(extractor)).toMatchObject({ truncation: 'rand_trunc', frequency_min: 50 })
    const raw = await importCheckpoint(at('raw-only.ckpt'), at('raw-only-out'), options)
    expect(raw.ema).toBe(false)
    expect(raw.warnings).toEqual([
      expect.stringMatching(/no EMA weights: its raw UNet weights are used/),
      expect.stringMatching(/no CLAP audio tower/),
    ])
    mkdirSync(at('incomplete-ema-out'))
    const partial = await importCheckpoint(
      at('incomplete-ema.ckpt'),
      at('incomplete-ema-out'),
      options,
    )
    expect(partial.ema).toBe(false)
    expect(partial.warnings).toEqual([
      expect.stringMatching(/no scale_factor: 1 is used/),
      expect.stringMatching(/EMA weights are incomplete \(685 of 690/),
      expect.stringMatching(/no CLAP audio tower/),
      expect.stringMatching(/1 tensors of unknown purpose were left out: stranger/),
    ])

    const names = ['aldm', 'atf', 'raw-only', 'incomplete-ema']
    const report = JSON.parse(
      runPython('weights/python/check_import.py', [dir, ...names])
        .trim()
        .split('\n')
        .at(-1) ?? '',
    )
    for (const name of names) {
      const audio = name === 'aldm' || name === 'atf'
      expect(report[name]).toEqual({
        tensors: {
          unet: 690,
          vae: 204,
          vocoder: 196,
          text_encoder: 43,
          ...(audio ? { audio_encoder: 329 } : {}),
        },
        heads: [2, 4, 6, 10],
        attn1: 4,
        attn2: 4,
        scaling_factor: name === 'incomplete-ema' ? 1 : Math.fround(0.9227914214134216),
        layer_norm_eps: 1e-5,
        ids: [0, 68, 69, 2],
        scheduler: 'DDIMScheduler',
      })
    }
  })

  test('that does not fit is refused with all that is wrong, and nothing is written', async () => {
    const before = readdirSync(dir).sort()
    const error = await importCheckpoint(at('damaged.ckpt'), at('out'), options).catch((e) => e)
    expect(error).toBeInstanceOf(InvalidWeightsError)
    expect((error as InvalidWeightsError).problems).toEqual([
      'missing: middle_block.1.norm.bias [160]',
      'wrong type: out.0.weight holds int64, weights are floating-point numbers',
      'wrong shape: out.0.bias is [31], expected [32]',
      'unexpected: input_blocks.1.1.extra.weight',
    ])
    expect(readdirSync(dir).sort()).toEqual(before)
  })

  test('is refused with a reason where an option, a folder or a tokenizer is wrong', async () => {
    const before = readdirSync(dir).sort()
    const checkpoint = at('raw-only.ckpt')
    const attempt = (outDir: string, given: Partial<typeof options> & { signal?: AbortSignal }) =>
      importCheckpoint(checkpoint, outDir, { ...options, ...given })

    await expect(attempt(at('out'), { headWidth: undefined })).rejects.toThrow(InvalidOptionError)
    await expect(attempt(at('out'), { headWidth: undefined })).rejects.toThrow(
      /UNet of 32 channels/,
    )
    await expect(attempt(at('out'), { headWidth: 24 })).rejects.toThrow(/24 does not divide 64/)
    await expect(attempt(at('out'), { headWidth: 0.5 })).rejects.toThrow(/positive whole number/)
    await expect(attempt(at('out'), { tokenizer: at('gone') })).rejects.toThrow(InvalidModelError)
    await expect(attempt(tokenizer, {})).rejects.toThrow(/is not empty/)
    await expect(attempt(checkpoint, {})).rejects.toThrow(OutputError)
    await expect(attempt(at('no/such/place'), {})).rejects.toThrow(OutputError)
    await expect(attempt(at('out'), { signal: AbortSignal.abort() })).rejects.toThrow(AbortError)
    expect(readdirSync(dir).sort()).toEqual(before)
  })

  test('that is damaged inside a tensor is noticed before anything is written', async () => {
    const bytes = readFileSync(at('aldm.ckpt'))
    bytes[bytes.length >> 1] ^= 1
    writeFileSync(at('flipped.ckpt'), bytes)
    const attempt = importCheckpoint(at('flipped.ckpt'), at('out'), options)
    await expect(attempt).rejects.toThrow(/its checksum does not match/)
    expect(existsSync(at('out'))).toBe(false)
  })

  test('that fails half-way leaves nothing, through a link to an empty folder too', async () => {
    mkdirSync(at('empty'))
    symlinkSync('empty', at('link'))
    const before = readdirSync(dir).sort()
    const controller = new AbortController()
    const attempt = importCheckpoint(at('raw-only.ckpt'), at('link'), {
      ...options,
      signal: controller.signal,
      onProgress: ({ part }) => part === 'vae' && controller.abort(),
    })
    await expect(attempt).rejects.toThrow(AbortError)
    expect(readdirSync(dir).sort()).toEqual(before)
    expect(readdirSync(at('empty'))).toEqual([])
  })

  test('is told from other files', async () => {
    const path = at('other.safetensors')
    await writeSafetensors(path, [
      ['a', { dtype: 'float32', shape: [1], data: new Float32Array(1) }],
    ])
    await expect(importCheckpoint(path, at('out'), options)).rejects.toThrow(
      /is not an original AudioLDM checkpoint: it has no tensors under model\.diffusion_model\./,
    )
  })
})
