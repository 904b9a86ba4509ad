/** What is known of weights files, and refused in them, before libtorch is opened. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseArchiveSpec } from '../../lib/backbones/archive.js'
import type { BackboneSpec, PannsName } from '../../lib/backbones/backbone.js'
import { describeBackbone } from '../../lib/backbones/describe.js'
import { importBackbone } from '../../lib/backbones/import.js'
import { backbones } from '../../lib/backbones/registry.js'
import { SMALL_MARK } from '../../lib/backbones/weights.js'
import { AbortError, InvalidOptionError, InvalidWeightsError } from '../../lib/errors.js'
import { writeSafetensors } from '../../lib/weights/safetensors-writer.js'
import { legacy, tensorPickle, torchZip } from '../weights/craft.js'
import { scratchFolder } from '../weights/scratch.js'
import {
  craftCnn14,
  craftPasst,
  craftPca,
  craftVggish,
  craftWavegram,
  without,
  withTensor,
  write,
} from './craft.js'

const folder = scratchFolder()
const file = (name: string) => join(folder, name)
const cnn14 = (weights: string, kind: PannsName = 'cnn14-16k') =>
  describeBackbone({ kind, weights })
const passt = (weights: string) => describeBackbone({ kind: 'passt', weights })
const vggish = (weights: string, pca?: string, finalRelu = false) =>
  describeBackbone({ kind: 'vggish', weights, pca, finalRelu })

let good: string
let good32: string
let goodVggish: string
let goodWavegram: string
let goodPasst: string
beforeAll(async () => {
  good = await write(file('cnn14'), craftCnn14())
  good32 = await write(file('cnn14-32'), craftCnn14(1024))
  goodVggish = await write(file('vggish'), craftVggish())
  goodWavegram = await write(file('wavegram'), craftWavegram())
  goodPasst = await write(file('passt'), craftPasst())
})

async function refusal<E extends Error>(
  kind: new (...args: never[]) => E,
  work: Promise<unknown>,
): Promise<E> {
  const error = await work.then(
    () => undefined,
    (e) => e,
  )
  expect(error).toBeInstanceOf(kind)
  return error
}

describe('facts', () => {
  test('a small classifier says that it cannot be compared, as its import does', async () => {
    const small = file('small.safetensors')
    const metadata = { format: 'pt', [SMALL_MARK]: 'true' }
    await writeSafetensors(small, craftCnn14(), { metadata })
    const { settings, hash } = await cnn14(small)
    expect(settings.comparable).toBe(false)
    const plain = await cnn14(good)
    expect(plain.settings).not.toHaveProperty('comparable')
    expect(hash).not.toBe(plain.hash)
    const { path } = await importBackbone(small, file('small-again.safetensors'))
    expect((await cnn14(path)).hash).toBe(hash)
  })

  test('rate, shortest waveform, attributes and ignored tensors come from the file', async () => {
    const first = await cnn14(good)
    expect(first).toMatchObject({ name: 'cnn14-16k', sampleRate: 16000, minSamples: 31 * 160 })
    expect(first.network.attributes).toEqual({ hop: 160, compute_dtype: 6 })
    expect(first.network.archive).toMatch(/cnn14\.pt$/)
    expect([first.tensors.size, first.ignored.length]).toEqual([71, 13])
    const second = await cnn14(good32, 'cnn14-32k')
    expect(second).toMatchObject({ name: 'cnn14-32k', sampleRate: 32000, minSamples: 31 * 320 })
    expect(second.network.attributes).toEqual({ hop: 320, compute_dtype: 6 })
    const third = await vggish(goodVggish)
    expect(third).toMatchObject({ sampleRate: 16000, minSamples: 15600, frames: true })
    expect(third.network.attributes).toEqual({ final_relu: false, compute_dtype: 6 })
    const fourth = await cnn14(goodWavegram, 'wavegram-logmel')
    expect(fourth).toMatchObject({ sampleRate: 32000, minSamples: 32 * 320 })
    expect(fourth.network.attributes).toEqual({ compute_dtype: 6 })
    expect([fourth.tensors.size, fourth.ignored.length]).toEqual([116, 22])
    const fifth = await passt(goodPasst)
    expect(fifth).toMatchObject({
      sampleRate: 32000,
      minSamples: 4801,
      ignored: ['head_dist.bias'],
    })
    expect(fifth.network.attributes).toEqual({ depth: 2, compute_dtype: 6 })
    const described = [first, second, third, fourth, fifth]
    for (const { name, outputs, frames } of backbones) {
      const found = described.find((description) => description.name === name)
      expect(found).toMatchObject({ outputs, frames })
    }
  })

  test('the hash changes with whatever changes the numbers, and with nothing else', async () => {
    const pca = await write(file('pca'), craftPca())
    const changed = craftCnn14()
    ;(changed.get('bn0.bias')?.data as Float32Array)[3] += 1e-7
    const hashes = [
      await cnn14(good),
      await cnn14(await write(file('cnn14-changed'), changed)),
      await cnn14(good32, 'cnn14-32k'),
      await describeBackbone({ kind: 'cnn14-16k', weights: good }, { dtype: 'bfloat16' }),
      await vggish(goodVggish),
      await vggish(goodVggish, undefined, true),
      await vggish(goodVggish, pca),
    ].map(({ hash }) => hash)
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(new Set(hashes).size).toBe(hashes.length)
    symlinkSync(good, file('elsewhere.pth'))
    expect((await cnn14(file('elsewhere.pth'))).hash).toBe(hashes[0])
    const tracked = withTensor(craftCnn14(), 'bn0.num_batches_tracked', [], 9)
    expect((await cnn14(await write(file('longer'), tracked))).hash).toBe(hashes[0])
    const { settings } = await vggish(goodVggish, pca)
    expect(settings).toMatchObject({ finalRelu: false, dtype: 'float32' })
    expect(settings.pca).toMatch(/^[0-9a-f]{64}$/)
  })

  test('hashing stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    const spec: BackboneSpec = { kind: 'cnn14-16k', weights: good }
    const error = await refusal(AbortError, describeBackbone(spec, { signal }))
    expect((error.cause as Error).message).toBe('enough')
  })
})

describe('refusals', () => {
  test('lists everything that is missing, extra, mis-shaped or no number', async () => {
    let crafted = without(craftCnn14(), 'fc1.bias', 'logmel_extractor.melW')
    crafted = withTensor(crafted, 'conv_block3.conv2.weight', [3, 2, 3, 3])
    crafted = withTensor(crafted, 'att_block.weight', [2])
    crafted.set('bn0.weight', { dtype: 'int32', shape: [64], data: new Int32Array(64) })
    const error = await refusal(InvalidWeightsError, cnn14(await write(file('bad'), crafted)))
    expect(error.problems.sort()).toEqual([
      'missing: fc1.bias [5]',
      'missing: logmel_extractor.melW [257, 64]',
      'unexpected: att_block.weight',
      'wrong shape: conv_block3.conv2.weight is [3, 2, 3, 3], expected [3, 3, 3, 3]',
      'wrong type: bn0.weight holds int32, weights are floating-point numbers',
    ])
    expect(error.hint).toContain('Cnn14_16k_mAP=0.438.pth')
  })

  test('VGGish that lacks a bias and has two sizes for a layer', async () => {
    const crafted = withTensor(without(craftVggish(), 'embeddings.2.bias'), 'features.8.bias', [7])
    const error = await refusal(InvalidWeightsError, vggish(await write(file('bad'), crafted)))
    expect(error.problems).toEqual([
      'wrong shape: features.8.bias is [7], expected [2]',
      'missing: embeddings.2.bias [6]',
    ])
    expect(error.hint).toContain('vggish-10086976.pth')
  })

  test('a file of the other sample rate names the backbone to choose', async () => {
    const error = await refusal(InvalidOptionError, cnn14(good32))
    expect(error).toMatchObject({ option: 'backbone' })
    expect(error.message).toContain('32000 Hz')
    expect(error.hint).toContain('cnn14-32k')
    const other = await refusal(InvalidOptionError, cnn14(good, 'cnn14-32k'))
    expect(other.hint).toContain('cnn14-16k')
    const odd = await write(file('odd'), craftCnn14(256))
    await refusal(InvalidWeightsError, cnn14(odd))
  })

  test('a file of the other network of PANNs names the backbone to choose', async () => {
    const error = await refusal(InvalidOptionError, cnn14(goodWavegram, 'cnn14-32k'))
    expect(error).toMatchObject({ option: 'backbone' })
    expect(error.message).toContain('Wavegram-Logmel-CNN14, not of CNN14')
    expect(error.hint).toContain('wavegram-logmel')
    const other = await refusal(InvalidOptionError, cnn14(good32, 'wavegram-logmel'))
    expect(other).toMatchObject({ option: 'backbone' })
  })

  test('a wavegram whose channels are no bands of images', async () => {
    const crafted = withTensor(craftWavegram(), 'pre_block3.conv2.weight', [48, 48, 3])
    const bad = cnn14(await write(file('bad'), crafted), 'wavegram-logmel')
    const error = await refusal(InvalidWeightsError, bad)
    expect(error.problems).toEqual([
      'wrong shape: pre_block3.conv2.weight is [48, 48, 3], expected [32, 32, 3]',
    ])
    expect(error.hint).toContain('Wavegram_Logmel_Cnn14')
  })

  test('PaSST of other patches, of longer clips, of no twelve heads, deeper than any', async () => {
    const bad = withTensor(craftPasst(), 'freq_new_pos_embed', [1, 24, 8, 1])
    const long = withTensor(bad, 'time_new_pos_embed', [1, 24, 1, 199])
    const error = await refusal(InvalidWeightsError, passt(await write(file('bad'), long)))
    expect(error.problems).toEqual([
      'wrong shape: freq_new_pos_embed is [1, 24, 8, 1], expected [1, 24, 12, 1]',
      'wrong shape: time_new_pos_embed is [1, 24, 1, 199], expected [1, 24, 1, 99]',
    ])
    expect(error.hint).toContain('passt-s-f128-p16-s10-ap.476-swa.pt')
    const odd = await write(file('odd'), craftPasst(25))
    expect((await refusal(InvalidWeightsError, passt(odd))).problems).toContain(
      'wrong shape: norm.bias is [25], expected [36]',
    )
    const deep = await write(file('deep'), craftPasst(24, 13))
    expect((await refusal(InvalidWeightsError, passt(deep))).problems).toContain(
      'unexpected: blocks.12.norm1.weight',
    )
  })

  test('a file of the other architecture names the option it belongs to', async () => {
    expect((await refusal(InvalidOptionError, passt(good))).hint).toContain('option panns')
    expect((await refusal(InvalidOptionError, cnn14(goodPasst))).hint).toContain('option passt')
    const error = await refusal(InvalidOptionError, cnn14(goodVggish))
    expect(error).toMatchObject({ option: 'panns' })
    expect(error.hint).toContain('option vggish')
    const other = await refusal(InvalidOptionError, vggish(good))
    expect(other).toMatchObject({ option: 'vggish' })
    expect(other.hint).toContain('option panns')
  })

  test('no file, a folder, text, an empty file, other tensors', async () => {
    writeFileSync(file('text.pth'), 'this is no weights file, whatever it is called')
    writeFileSync(file('empty.pth'), '')
    mkdirSync(file('folder.pth'))
    writeFileSync(file('zip.pth'), torchZip(tensorPickle()))
    writeFileSync(file('legacy.pth'), legacy(tensorPickle()))
    writeFileSync(file('cut.pth'), readFileSync(good).subarray(0, 5000))
    for (const name of ['none', 'folder', 'text', 'empty', 'zip', 'legacy', 'cut']) {
      const path = file(`${name}.pth`)
      const error = await refusal(InvalidWeightsError, cnn14(path))
      expect(error.message).toContain(path)
      expect(error.hint).toContain('Zenodo record 3987831')
    }
  })

  test('PCA parameters of the wrong kind, size or content', async () => {
    const pca = await write(file('pca-good'), craftPca())
    expect((await vggish(goodVggish, pca)).pca?.means).toHaveLength(128)
    const narrow = await write(file('narrow'), craftVggish(64))
    expect(await refusal(InvalidOptionError, vggish(narrow, pca))).toMatchObject({ option: 'pca' })
    const bad = [
      withTensor(craftPca(), 'pca_means', [64]),
      without(craftPca(), 'pca_means'),
      withTensor(craftPca(), 'pca_eigen_vectors', [128, 128], Number.NaN),
    ]
    for (const crafted of bad) {
      const path = await write(file('pca-bad'), crafted)
      const error = await refusal(InvalidWeightsError, vggish(goodVggish, path))
      expect(error.message).toContain('pca_')
      expect(error.hint).toContain('vggish_pca_params')
    }
  })
})

describe('import', () => {
  test('a file of no known kind, and nothing left of what fails', async () => {
    writeFileSync(file('other.pth'), torchZip(tensorPickle()))
    const out = file('out.safetensors')
    const error = await refusal(InvalidWeightsError, importBackbone(file('other.pth'), out))
    expect(error.hint).toContain('AudioLDM checkpoint')
    const signal = AbortSignal.abort()
    await refusal(AbortError, importBackbone(good, out, { signal }))
    expect(() => readFileSync(out)).toThrow('ENOENT')
  })

  test('the whole model of torchvggish: its post-processing is ignored by name', async () => {
    const whole = withTensor(craftVggish(), 'pproc.pca_means', [128, 1])
    const result = await importBackbone(await write(file('whole'), whole), file('w.safetensors'))
    expect(result).toMatchObject({ architecture: 'vggish', ignored: ['pproc.pca_means'] })
    expect(result.used).toHaveLength(18)
    expect((await vggish(result.path)).hash).toBe((await vggish(goodVggish)).hash)
  })
})

describe('my.pt@16000', () => {
  test('archive and rate', () => {
    expect(parseArchiveSpec('a@b/my net.pt@16000')).toEqual({
      kind: 'archive',
      archive: 'a@b/my net.pt',
      sampleRate: 16000,
    })
    for (const text of ['my.pt', 'my.pt@', '@16000', 'my.pt@0', 'my.pt@16k', 'my.pt@9999999']) {
      expect(() => parseArchiveSpec(text)).toThrow(InvalidOptionError)
    }
  })

  test('a file that is no TorchScript archive', async () => {
    writeFileSync(file('weights.pt'), torchZip(tensorPickle()))
    writeFileSync(file('text.pt'), 'text')
    for (const name of ['weights.pt', 'text.pt', 'missing.pt']) {
      const spec: BackboneSpec = { kind: 'archive', archive: file(name), sampleRate: 8000 }
      const error = await refusal(InvalidOptionError, describeBackbone(spec))
      expect(error).toMatchObject({ option: 'embedding' })
      expect(error.message).toContain(file(name))
      expect(error.hint).toContain('torch.jit.save')
    }
  })
})
