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
import type { NativeTensor } from '../../lib/native/binding.js'
import { loadNative, type NativeCore } from '../../lib/native/load.js'
import { readWeights } from '../../lib/weights/read.js'
import { readSafetensorsMetadata } from '../../lib/weights/safetensors.js'
import { readTensor } from '../../lib/weights/tensor.js'
import { scratchFolder } from '../weights/scratch.js'
import { clipErrors, type Reference, readClips, readOutput, runReference } from './measure.js'

const width = Number(process.env.AUDIOLDM_BACKBONE_WIDTH ?? 4)
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

async function open(spec: BackboneSpec): Promise<Backbone> {
  const backbone = await openBackbone(spec, { native, device: 'cpu', threads: 2 })
  opened.push(backbone)
  return backbone
}

function specOf(kind: string, weights: string, pca?: string): BackboneSpec {
  return kind === 'vggish'
    ? { kind, weights: file(weights), finalRelu: false, pca: pca && file(pca) }
    : { kind: kind as 'cnn14-16k', weights: file(weights) }
}

/** Embeddings and logits of all clips, in batches of this size. */
async function embed(backbone: Backbone, kind: string, batch: number) {
  const clips = readClips(reference, kind)
  const count = reference.shapes[`${kind}.embedding`][0]
  const samples = clips.length / count
  const found = { embedding: [] as Float32Array[], logits: [] as Float32Array[] }
  for (let start = 0; start < count; start += batch) {
    const size = Math.min(batch, count - start)
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
  return { embedding: join32(found.embedding), logits: join32(found.logits) }
}

function join32(parts: Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

describe.each([
  ['cnn14-16k', ['zip', 'legacy', 'training'], 13, 71],
  ['cnn14-32k', ['zip', 'legacy', 'training'], 13, 71],
  ['vggish', ['zip', 'legacy'], 0, 18],
])('%s', (kind, formats, ignored, used) => {
  test('agrees with the statement in float64, better than the same in float32', async () => {
    const backbone = await open(specOf(kind, `${kind}-${formats[0]}.pth`))
    const found = await embed(backbone, kind, 5)
    for (const name of backbone.outputs) {
      const exact = readOutput(reference, `${kind}.${name}`, 'float64')
      const single = readOutput(reference, `${kind}.${name}`, 'float32')
      const clips = reference.shapes[`${kind}.${name}`][0]
      const ours = clipErrors(exact, found[name], clips)
      const plain = clipErrors(exact, single, clips)
      console.log(kind, name, { ours, plain })
      expect(ours.median).toBeLessThan(1e-5)
      expect(ours.worst).toBeLessThanOrEqual(plain.worst)
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
    for (const name of source.ignored) expect(name).toMatch(/\.num_batches_tracked$/)
    for (const name of [
      ...formats.map((format) => `${kind}-${format}.pth`),
      `${kind}.safetensors`,
    ]) {
      const { hash, tensors, settings } = await describeBackbone(specOf(kind, name))
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
      expect(await readTensor(tensor)).toEqual(await readTensor(from))
    }
    expect(Object.fromEntries(await readSafetensorsMetadata(file(`${kind}.safetensors`)))).toEqual({
      format: 'pt',
      architecture: kind,
      sample_rate: String(original.sampleRate),
      source: `${kind}-${formats[0]}.pth`,
      source_sha256: source.sourceSha256,
    })
  }, 600_000)

  test('the other formats give the same embeddings, to the last bit', async () => {
    const [first, ...others] = [
      ...formats.map((format) => `${kind}-${format}.pth`),
      `${kind}.safetensors`,
    ]
    const wanted = await embed(await open(specOf(kind, first)), kind, 5)
    for (const name of others)
      expect(await embed(await open(specOf(kind, name)), kind, 5)).toEqual(wanted)
  }, 600_000)
})
