/** Tensors that are views of files, and posteriors as rows of such a file. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadModel, type Model } from '../../lib/model/model.js'
import type { NativeTensor } from '../../lib/native/binding.js'
import { loadNative } from '../../lib/native/load.js'
import { runNative } from '../../lib/native/run.js'
import { tinyModel } from '../models'

const { core } = loadNative({ cuda: false })
const folder = mkdtempSync(join(tmpdir(), 'audioldm-map-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = join(folder, 'rows.f32')
const values = Float32Array.from({ length: 24 }, (_, i) => i / 3)
writeFileSync(file, values)
const map = core.NativeTensor.map

describe('a mapped tensor', () => {
  test('is what the file has from the offset on, and holds no memory', () => {
    const before = core.liveTensorBytes()
    const tensor = map(file, 16, [2, 3, 3])
    expect([tensor.shape, tensor.dtype, tensor.device]).toEqual([[2, 3, 3], 'float32', 'cpu'])
    expect(tensor.data()).toEqual(values.subarray(4, 22))
    expect(core.liveTensorBytes()).toBe(before)
    const copy = tensor.to('float64', null)
    expect(core.liveTensorBytes()).toBe(before + 18 * 8)
    copy.dispose()
    tensor.dispose()
    expect(() => tensor.data()).toThrow(/disposed/)
    expect(core.liveTensorBytes()).toBe(before)
  })

  test('outlives the name of its file, and sees no later one', () => {
    const path = join(folder, 'gone.f32')
    writeFileSync(path, values)
    const tensor = map(path, 0, [24])
    appendFileSync(path, new Uint8Array(Float32Array.of(1).buffer))
    const longer = map(path, 0, [25])
    rmSync(path)
    writeFileSync(path, new Float32Array(25))
    expect(tensor.data()).toEqual(values)
    expect(longer.data()[24]).toBe(1)
    for (const one of [tensor, longer]) one.dispose()
  })

  test('may be empty', () => {
    const tensor = map(file, 96, [0, 4])
    expect(tensor.data()).toEqual(new Float32Array(0))
    tensor.dispose()
  })

  test('is not written to by what it is given to', async () => {
    const compute = new core.NativeCompute(1)
    const tensor = map(file, 0, [4, 6])
    const { tensors } = await runNative(
      (onEvent) => compute.run('statistics', [tensor], {}, onEvent),
      undefined,
    )
    for (const one of [tensor, ...tensors]) one.dispose()
    await new Promise<void>((done) => compute.dispose(done))
    expect(new Float32Array(new Uint8Array(readFileSync(file)).buffer)).toEqual(values)
  })

  // biome-ignore lint/suspicious/noExplicitAny: called by someone who ignores its types.
  const any = map as any
  test.each<[string, () => unknown, RegExp]>([
    ['a file that is not there', () => map(join(folder, 'no'), 0, [1]), /'.*\/no': No such file/],
    ['a folder', () => map(folder, 0, [1]), /not a regular file/],
    ['a device', () => map('/dev/zero', 0, [1]), /not a regular file/],
    ['more rows than there are', () => map(file, 0, [25]), /\[25\].*beyond its end \(96 bytes\)/],
    ['an offset past the end', () => map(file, 100, [0]), /beyond its end/],
    ['an offset that is too large', () => map(file, 2 ** 52, [1]), /beyond its end/],
    ['a negative offset', () => map(file, -4, [1]), /offset -4/],
    ['an offset between values', () => map(file, 2, [1]), /not a multiple of 4/],
    ['sizes that overflow', () => map(file, 0, [2 ** 40, 2 ** 40]), /0 and more/],
    ['bytes that overflow', () => map(file, 4, [2 ** 61]), /too large/],
    ['negative sizes', () => map(file, 0, [-2, -2]), /0 and more/],
    ['no path', () => any(7, 0, [1]), /path is not a string/],
    ['no offset', () => any(file, '0', [1]), /offset is not a number/],
    ['half an offset', () => any(file, 0.5, [1]), /offset is not a whole number/],
    ['no shape', () => any(file, 0), /shape is not an array/],
  ])('%s', (_, use, message) => {
    expect(use).toThrow(message)
  })

  test('an empty file', () => {
    const path = join(folder, 'empty')
    writeFileSync(path, '')
    expect(() => map(path, 0, [0])).toThrow(/it is empty/)
  })
})

describe('posteriors', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  })
  afterAll(() => model.dispose())

  test('are what latents are drawn from', async () => {
    const { hop, vaeFactor, latentChannels, scalingFactor } = model.folder.geometry
    const samples = 16 * hop * vaeFactor
    const wave = Float32Array.from({ length: 2 * samples }, (_, i) => 0.4 * Math.sin(i * i * 1e-6))
    const waveforms = core.NativeTensor.from(wave, [2, samples])
    const encode = async (moments?: boolean): Promise<NativeTensor> => {
      const { tensors } = await runNative(
        (onEvent) => model.native.encodeAudio(waveforms, { seeds: null, moments }, onEvent),
        undefined,
      )
      return tensors[0]
    }
    const [mean, unasked, posterior] = [await encode(), await encode(false), await encode(true)]
    expect(posterior.shape).toEqual([2, 2 * latentChannels, 16, mean.shape[3]])
    expect(unasked.data()).toEqual(mean.data())
    const half = mean.data().length / 2
    const given = posterior.data() as Float32Array
    const means = [given.subarray(0, half), given.subarray(2 * half, 3 * half)]
    const scaled = Float32Array.from(
      [...means[0], ...means[1]],
      (value) => value * Math.fround(scalingFactor),
    )
    expect(scaled).toEqual(mean.data())
    // Log-variances are some other numbers.
    expect(new Set(given.subarray(half, 2 * half)).size).toBeGreaterThan(half / 2)

    // Seeds that do not fit are not looked at.
    const { tensors } = await runNative(
      (onEvent) => model.native.encodeAudio(waveforms, { seeds: [1n], moments: true }, onEvent),
      undefined,
    )
    expect(tensors[0].data()).toEqual(given)
    for (const one of [waveforms, mean, unasked, posterior, ...tensors]) one.dispose()
  })
})
