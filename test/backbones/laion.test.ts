/**
 * LAION-CLAP's own checkpoints, from the file to rows, against transformers in float64.
 * AUDIOLDM_BACKBONE_WIDTH=64 runs the published sizes.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clapSamples, repeatPad } from '../../lib/audio/clap-waveform.js'
import { encodeWav } from '../../lib/audio/wav.js'
import { TextTower } from '../../lib/backbones/clap-text.js'
import { describeBackbone } from '../../lib/backbones/describe.js'
import { openBackbone } from '../../lib/backbones/open.js'
import { HubError, InvalidWeightsError } from '../../lib/errors.js'
import { joinArrays } from '../../lib/join-arrays.js'
import { loadNative, type NativeCore } from '../../lib/native/load.js'
import { saveStatistics } from '../../lib/score/save-statistics.js'
import { score } from '../../lib/score/score.js'
import { loadTokenizer } from '../../lib/tokenizer/tokenizer.js'
import { readWeights } from '../../lib/weights/read.js'
import { writeSafetensors } from '../../lib/weights/safetensors-writer.js'
import { runPython } from '../python/run.js'
import { scratchFolder } from '../weights/scratch.js'
import { clipErrors } from './measure.js'

const width = Number(process.env.AUDIOLDM_BACKBONE_WIDTH ?? 4)
const seconds = [1, 4, 10, 10.005, 11, 23]
const texts = ['a dog barking', 'rain on a tin roof', 'wind']
const tokenizerDir = join(__dirname, '../../models/random-tiny/tokenizer')
const folder = scratchFolder()
const file = (name: string) => join(folder, name)
const describeFile = (name: string) => describeBackbone({ kind: 'clap', model: file(name) })
const doubles = (name: string) => new Float64Array(readFileSync(file(name)).buffer)

let native: NativeCore
beforeAll(async () => {
  native = loadNative({ cuda: false })
  const tokenizer = await loadTokenizer(tokenizerDir, { vocabSize: 50_265, maxTokens: 77 })
  const ids = texts.map((text) => [...tokenizer.encode(text).ids])
  const args = [folder, String(width), ...seconds.map(String)]
  runPython('backbones/laion.py', args, JSON.stringify(ids))
  cpSync(tokenizerDir, file('tokenizer'), { recursive: true })
}, 600_000)
afterAll(() => expect(native.core.liveTensorBytes()).toBe(0))

const options = () => ({ native, device: 'cpu', threads: 2 })

/** Clip by clip, prepared as its protocol says. */
async function rowsOf(name: string): Promise<Float32Array> {
  const description = await describeFile(name)
  const backbone = await openBackbone(description, options())
  const rows: Float32Array[] = []
  for (const i of seconds.keys()) {
    const samples = new Float32Array(readFileSync(file(`${i}.f32`)).buffer)
    const whole = description.waveform?.whole && samples.length > clapSamples
    const heard = whole ? samples : repeatPad(samples, clapSamples)
    const waveforms = native.core.NativeTensor.from(heard, [1, heard.length])
    const { embedding } = await backbone.embed(waveforms)
    rows.push(embedding.data() as Float32Array)
    embedding.dispose()
    waveforms.dispose()
  }
  await backbone.dispose()
  return joinArrays(rows)
}

describe.each([
  ['laion-clap-tiny', false],
  ...(width < 64 ? [] : [['laion-clap-base', false] as const]),
  ['laion-clap-fusion', true],
] as const)('%s', (kind, fusion) => {
  test('rows of sounds are those of transformers', async () => {
    const found = await rowsOf(`${kind}.pt`)
    const exact = doubles(`${kind}.audio.float64.f64`)
    const ours = clipErrors(exact, found, seconds.length)
    const plain = clipErrors(exact, doubles(`${kind}.audio.float32.f64`), seconds.length)
    if (width > 4) console.log(kind, { ours, plain })
    expect(ours.median).toBeLessThan(1e-5)
    expect(ours.worst).toBeLessThan(plain.worst * (width > 4 ? 1 : 2))
    // Rows of length 1 differ.
    const apart = clipErrors(exact.subarray(0, 512), exact.subarray(5 * 512, 6 * 512), 1)
    expect(apart.median).toBeGreaterThan(0.05)
  }, 600_000)

  test('rows of texts are those of transformers', async () => {
    const tower = await TextTower.open({ kind: 'clap', model: file(`${kind}.pt`) }, options())
    const exact = doubles(`${kind}.text.f64`)
    for (const [i, text] of texts.entries()) {
      const { row } = await tower.embed(text)
      expect(clipErrors(exact.subarray(512 * i, 512 * (i + 1)), row, 1).worst).toBeLessThan(1e-5)
    }
    expect((await tower.embed('a dog '.repeat(200))).truncated).toBe(true)
    expect(tower.settings.maxTokens).toBe(77)
    await tower.dispose()
  }, 600_000)

  test('the protocol says how it hears; every tensor is used or ignored by name', async () => {
    const description = await describeFile(`${kind}.pt`)
    const { settings, waveform, ignored, tensors, randomWeights } = description
    expect(randomWeights).toBe(true)
    expect(settings).toMatchObject({ projection: 512, normalized: true, quantized: 'int16' })
    expect(settings.fusion).toBe(fusion || undefined)
    expect(waveform).toEqual({
      ...{ removeMean: false, minSamples: 0, repeatpad: 480_000 },
      ...(fusion && { whole: true }),
    })
    for (const name of ignored) {
      expect(name).toMatch(
        /extractor|tscam_conv|branch\.head|_transform|logit_scale|attn_mask|_index|_ids|_tracked/,
      )
    }
    const fused = [...tensors.keys()].filter((name) => /mel_conv2d|fusion_model/.test(name))
    expect(fused).toHaveLength(fusion ? 2 + 2 * 12 : 0)
    const text = [...(await readWeights(file(`${kind}.pt`))).keys()].filter((name) =>
      /module\.text_(branch|projection)/.test(name),
    )
    // Query, key and value are one tensor in the file.
    const inFile = new Set([...tensors.keys()].map((name) => name.replace(/query|key|value/, '')))
    const all = (await readWeights(file(`${kind}.pt`))).size
    expect(inFile.size + ignored.length + text.length - 1).toBe(all)
  })
})

test('without the prefix of parallel training, and as safetensors, it has the same hash', async () => {
  const tensors = await readWeights(file('laion-clap-tiny.pt'))
  const short = new Map(
    [...tensors].map(([name, source]) => [name.slice('module.'.length), source]),
  )
  await writeSafetensors(file('short.safetensors'), short)
  const [first, second] = [
    await describeFile('laion-clap-tiny.pt'),
    await describeFile('short.safetensors'),
  ]
  expect(second.hash).toBe(first.hash)
})

test('fd of folders, saved statistics and the metric clap take a file', async () => {
  const clips = file('clips')
  mkdirSync(clips)
  for (const i of seconds.keys()) {
    const samples = new Float32Array(readFileSync(file(`${i}.f32`)).buffer)
    writeFileSync(join(clips, `${i}.wav`), encodeWav(samples, 48_000, 'float32'))
  }
  const common = { clap: file('laion-clap-fusion.pt'), device: 'cpu', cacheDir: file('cache') }
  const output = file('saved.safetensors')
  await saveStatistics({ ...common, audio: clips, output })
  const { metrics, protocol, features } = await score({
    ...{ ...common, generated: clips, reference: output, backbone: 'clap' },
    ...{ metrics: ['fd', 'clap'], prompts: seconds.map((_, i) => texts[i % 3]), perClip: true },
  })
  expect(metrics.fd).toBeLessThan(1e-9)
  expect(features).toEqual({ computed: 0, cached: seconds.length })
  expect(protocol.backbones.clap).toMatchObject({ repeatpad: 480_000, whole: true })
  const audio = doubles('laion-clap-fusion.audio.float64.f64')
  const text = doubles('laion-clap-fusion.text.f64')
  let mean = 0
  for (const i of seconds.keys()) {
    for (let k = 0; k < 512; k++) {
      mean += (audio[512 * i + k] * text[512 * (i % 3) + k]) / seconds.length
    }
  }
  expect(Math.abs((metrics.clap?.mean as number) - mean)).toBeLessThan(1e-5)
}, 600_000)

test('a file that lacks tensors, has others, or is something else', async () => {
  const tensors = await readWeights(file('laion-clap-fusion.pt'))
  const embed = 'module.audio_branch.patch_embed'
  const bad = new Map(tensors)
  bad.delete(`${embed}.fusion_model.global_att.5.running_var`)
  bad.set('module.audio_branch.mel_conv1d.0.bias', bad.get(`${embed}.proj.bias`) as never)
  await writeSafetensors(file('bad.safetensors'), bad)
  await expect(describeFile('bad.safetensors')).rejects.toMatchObject({
    problems: [
      'missing: audio_branch.patch_embed.fusion_model.global_att.5.running_var [8]',
      'unexpected: audio_branch.mel_conv1d.0.bias',
    ],
  })
  for (const name of [...bad.keys()]) if (name.includes('audio_branch.layers')) bad.delete(name)
  await writeSafetensors(file('cut.safetensors'), bad)
  await expect(describeFile('cut.safetensors')).rejects.toThrow(InvalidWeightsError)
  writeFileSync(file('text.pt'), 'no checkpoint at all, whatever it is called')
  await expect(describeFile('text.pt')).rejects.toThrow(InvalidWeightsError)
  const other = describeBackbone({
    ...{ kind: 'clap', model: join(tokenizerDir, '../unet/diffusion_pytorch_model.safetensors') },
  })
  await expect(other).rejects.toThrow('is no checkpoint of LAION-CLAP')
})

test('texts need a tokenizer, and it is said where to put it', async () => {
  const home = process.env.HF_HOME
  process.env.HF_HOME = file('empty')
  rmSync(file('tokenizer'), { recursive: true })
  const open = TextTower.open({ kind: 'clap', model: file('laion-clap-tiny.pt') }, options())
  await expect(open).rejects.toThrow(HubError)
  await expect(open).rejects.toMatchObject({ hint: expect.stringContaining('vocab.json') })
  if (home === undefined) delete process.env.HF_HOME
  else process.env.HF_HOME = home
})
