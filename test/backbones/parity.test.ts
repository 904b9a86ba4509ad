/**
 * Every format of every kind, from the file to embeddings, against the float64 statements of
 * export/tests. AUDIOLDM_BACKBONE_WIDTH=64 runs the published sizes.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backbone, BackboneFeatures, BackboneSpec } from '../../lib/backbones/backbone.js'
import { describeBackbone } from '../../lib/backbones/describe.js'
import { importBackbone } from '../../lib/backbones/import.js'
import { openBackbone } from '../../lib/backbones/open.js'
import { joinArrays } from '../../lib/join-arrays.js'
import type { NativeTensor } from '../../lib/native/binding.js'
import { loadNative, type NativeCore } from '../../lib/native/load.js'
import { readTensorBytes } from '../../lib/weights/gather.js'
import { readWeights } from '../../lib/weights/read.js'
import { readSafetensorsMetadata } from '../../lib/weights/safetensors.js'
import { scratchFolder } from '../weights/scratch.js'
import { clipErrors, type Reference, readClips, readOutput, runReference } from './measure.js'

const width = Number(process.env.AUDIOLDM_BACKBONE_WIDTH ?? 4)
/**
 * How the worst clip may compare with that of the statement in float32, whose front-end hurts the
 * networks of PANNs. What is left in the others is the order in which layers sum: at the published
 * size ours are no worse. With a few channels VGGish, whose front-end is float64 on both sides, is
 * up to 1.5 times worse.
 */
function worstRatio(kind: string): number {
  if (kind === 'vggish') return width === 64 ? 1 : 2
  if (kind === 'passt') return width === 64 ? 1 : 1 / 3
  return 1 / 10
}

const bare = (kind: string) => kind === 'vggish' || kind === 'passt'

const folder = scratchFolder()
const file = (name: string) => join(folder, name)

let native: NativeCore
let reference: Reference
beforeAll(() => {
  native = loadNative({ cuda: false })
  reference = runReference(folder, width, 2)
}, 600_000)

const opened: Backbone[] = []
afterAll(() => Promise.all(opened.map((backbone) => backbone.dispose())))

async function open(spec: BackboneSpec, dtype?: 'bfloat16'): Promise<Backbone> {
  const backbone = await openBackbone(spec, { native, device: 'cpu', threads: 2, dtype })
  opened.push(backbone)
  return backbone
}

function specOf(kind: string, weights: string, pca?: string): BackboneSpec {
  return kind === 'vggish'
    ? { kind, weights: file(weights), finalRelu: false, pca: pca && file(pca) }
    : { kind: kind as 'cnn14-16k', weights: file(weights) }
}

/** Embeddings and logits of the clips, in batches of this size. */
async function embed(backbone: Backbone, kind: string, batch: number, limit = Infinity) {
  const clips = readClips(reference, kind)
  const count = reference.shapes[`${kind}.embedding`][0]
  const samples = clips.length / count
  const end = Math.min(count, limit)
  const found = { embedding: [] as Float32Array[], logits: [] as Float32Array[] }
  for (let start = 0; start < end; start += batch) {
    const size = Math.min(batch, end - start)
    const data = clips.slice(start * samples, (start + size) * samples)
    const waveforms = native.core.NativeTensor.from(data, [size, samples])
    const features: BackboneFeatures = await backbone.embed(waveforms)
    waveforms.dispose()
    for (const name of ['embedding', 'logits'] as const) {
      const tensor: NativeTensor | undefined = features[name]
      if (tensor === undefined) continue
      expect(tensor.dtype).toBe('float32')
      expect(tensor.shape).toEqual([size, ...reference.shapes[`${kind}.${name}`].slice(1)])
      found[name].push(tensor.data() as Float32Array)
      tensor.dispose()
    }
  }
  return { embedding: joinArrays(found.embedding), logits: joinArrays(found.logits) }
}

describe.each([
  ['cnn14-16k', ['zip', 'legacy', 'training'], 13, 71],
  ['cnn14-32k', ['zip', 'legacy', 'training'], 13, 71],
  ['wavegram-logmel', ['zip', 'training'], 22, 116],
  ['passt', ['zip', 'legacy'], 2, 37],
  ['vggish', ['zip', 'legacy'], 0, 18],
])('%s', (kind, formats, ignored, used) => {
  test('agrees with the statement in float64', async () => {
    const backbone = await open(specOf(kind, `${kind}-${formats[0]}.pth`))
    const found = await embed(backbone, kind, 5)
    for (const name of backbone.outputs) {
      const exact = readOutput(reference, `${kind}.${name}`, 'float64')
      const clips = reference.shapes[`${kind}.${name}`][0]
      const errorsOf = (values: ArrayLike<number>) => clipErrors(exact, values, clips)
      const ours = errorsOf(found[name])
      const plain = errorsOf(readOutput(reference, `${kind}.${name}`, 'float32'))
      if (width > 4) console.log(kind, name, { ours, plain })
      expect(ours.median).toBeLessThan(1e-5)
      expect(ours.worst).toBeLessThan(plain.worst * worstRatio(kind))
    }
    // A clip's numbers do not depend on the batch it is in, to the last bit.
    for (const batch of [1, 2]) expect(await embed(backbone, kind, batch)).toEqual(found)
  }, 600_000)

  test('every format has the same tensors, all used or ignored by name', async () => {
    const original = await describeBackbone(specOf(kind, `${kind}-${formats[0]}.pth`))
    const source = await importBackbone(
      file(`${kind}-${formats[0]}.pth`),
      file(`${kind}.safetensors`),
    )
    expect(source).toMatchObject({ architecture: kind, sampleRate: original.sampleRate })
    expect([source.used.length, source.ignored.length]).toEqual([used, ignored])
    for (const name of source.ignored) expect(name).toMatch(/\.num_batches_tracked$|^head_dist\./)
    for (const name of [
      ...formats.map((format) => `${kind}-${format}.pth`),
      `${kind}.safetensors`,
    ]) {
      const { hash, tensors, settings, randomWeights } = await describeBackbone(specOf(kind, name))
      // These published files are the state dict itself, which has no place for a mark.
      expect(randomWeights).toBe(!bare(kind))
      expect({ name, hash, settings }).toEqual({
        name,
        hash: original.hash,
        settings: original.settings,
      })
      expect([...tensors.keys()].sort()).toEqual(source.used.sort())
    }
    const imported = await readWeights(file(`${kind}.safetensors`))
    expect(imported.size).toBe(used)
    for (const [name, tensor] of imported) {
      const from = original.tensors.get(name) as NonNullable<typeof tensor>
      expect(tensor.shape).toEqual(from.shape)
      expect((await readTensorBytes(tensor)).equals(await readTensorBytes(from))).toBe(true)
    }
    expect(Object.fromEntries(await readSafetensorsMetadata(file(`${kind}.safetensors`)))).toEqual({
      format: 'pt',
      architecture: kind,
      sample_rate: String(original.sampleRate),
      source: `${kind}-${formats[0]}.pth`,
      source_sha256: source.sourceSha256,
      ...(bare(kind) ? {} : { _audioldm_random_weights: 'true' }),
    })
  }, 600_000)

  test('the other formats give the same embeddings, to the last bit', async () => {
    const [first, ...others] = [
      ...formats.map((format) => `${kind}-${format}.pth`),
      `${kind}.safetensors`,
    ]
    const wanted = await embed(await open(specOf(kind, first)), kind, 5, 5)
    for (const name of others)
      expect(await embed(await open(specOf(kind, name)), kind, 5, 5)).toEqual(wanted)
  }, 600_000)

  test('in bfloat16 it is near, and no nearer than that', async () => {
    const backbone = await open(specOf(kind, `${kind}-${formats[0]}.pth`), 'bfloat16')
    const { embedding } = await embed(backbone, kind, 5)
    const exact = readOutput(reference, `${kind}.embedding`, 'float64')
    const { median } = clipErrors(exact, embedding, reference.shapes[`${kind}.embedding`][0])
    expect(median).toBeLessThan(0.05)
    expect(median).toBeGreaterThan(1e-4)
    expect(backbone.settings.dtype).toBe('bfloat16')
  }, 600_000)
})

describe('options of VGGish', () => {
  test('with the last ReLU', async () => {
    const spec: BackboneSpec = { kind: 'vggish', weights: file('vggish-zip.pth'), finalRelu: true }
    const { embedding } = await embed(await open(spec), 'vggish', 5)
    const exact = readOutput(reference, 'vggish.relu', 'float64')
    expect(clipErrors(exact, embedding, 17).worst).toBeLessThan(1e-5)
    expect(Math.min(...embedding)).toBe(0)
  })

  test.each(['zip', 'legacy', 'import'])('with PCA, from %s', async (format) => {
    let pca = `vggish-pca-${format}.pth`
    if (format === 'import') {
      pca = 'vggish-pca.safetensors'
      const { architecture, used } = await importBackbone(file('vggish-pca-zip.pth'), file(pca))
      expect({ architecture, used }).toEqual({
        architecture: 'vggish-pca',
        used: ['pca_eigen_vectors', 'pca_means'],
      })
    }
    const backbone = await open(specOf('vggish', 'vggish-zip.pth', pca))
    const { embedding } = await embed(backbone, 'vggish', 5)
    const exact = readOutput(reference, 'vggish.pca', 'float64')
    // What lies next to half a step may be rounded to the other side.
    let others = 0
    for (const [i, value] of embedding.entries()) {
      expect(Math.abs(value - exact[i])).toBeLessThanOrEqual(1)
      if (value !== exact[i]) others++
    }
    expect(others).toBeLessThan(embedding.length / 500)
    expect(new Set(exact).size).toBeGreaterThan(50)
  })
})
