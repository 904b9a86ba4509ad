import { afterAll, beforeAll, expect, test } from 'vitest'
import { archivesDir } from '../../lib/files/paths.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import { toNativeSpec } from '../../lib/hub/folder-spec.js'
import type {
  NativeClip,
  NativeEvent,
  NativeGenerateRequest,
  NativeModel,
  NativeTensor,
} from '../../lib/native/binding.js'
import { loadNative } from '../../lib/native/load.js'
import { tinyModel } from '../models'

const { core } = loadNative({ cuda: false })
const frames = 20
const clip: NativeClip = {
  inputIds: Int32Array.of(0, 5, 9, 2),
  negativeInputIds: Int32Array.of(0, 2),
  guidanceScale: 2,
  seed: 7n,
}
const request: NativeGenerateRequest = {
  clips: [clip],
  latentFrames: frames,
  scheduler: {
    name: 'dpmpp-2m',
    steps: 4,
    eta: 0,
    karras: false,
    timestepSpacing: 'leading',
    stepsOffset: 1,
    setAlphaToOne: false,
  },
  samples: [frames * 640],
  windowFrames: 0,
  stepLatents: false,
}

let model: NativeModel
beforeAll(async () => {
  const folder = await readModelFolder(tinyModel)
  const options = {
    device: 'cpu',
    dtype: 'float32',
    threads: 2,
    archivesDir: archivesDir(),
  } as const
  model = await new Promise((resolve, reject) => {
    const made = new core.NativeModel(toNativeSpec(folder, options), (error) =>
      error ? reject(new Error(error.message)) : resolve(made),
    )
  })
})
afterAll(() => new Promise<void>((done) => model.dispose(done)))

function run(start: (onEvent: (event: NativeEvent) => void) => unknown) {
  return new Promise<{ tensors: NativeTensor[]; steps: number[][] }>((resolve, reject) => {
    const steps: number[][] = []
    start((event) => {
      if (event.type === 'step') steps.push([event.step, event.steps])
      if (event.type !== 'end') return
      if ('error' in event) reject(new Error(event.error.message))
      else resolve({ tensors: event.tensors, steps })
    })
  })
}

const generate = (change: Partial<NativeGenerateRequest>) =>
  run((onEvent) => model.generate({ ...request, ...change }, onEvent))
const waveform = async (change: Partial<NativeGenerateRequest>) =>
  (await generate(change)).tensors[0].data()

/** Seconds of a falling tone. */
function tone(samples: number, rate: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => {
    const t = i / rate
    return 0.5 * Math.sin(2 * Math.PI * (900 - 100 * t) * t)
  })
}

async function encoded(seeds: bigint[] | null, count = frames): Promise<NativeTensor> {
  const source = core.NativeTensor.from(tone(count * 640, 16000), [1, count * 640])
  const { tensors } = await run((onEvent) => model.encodeAudio(source, { seeds }, onEvent))
  return tensors[0]
}

/** As a clip wants it. */
async function initLatents(): Promise<NativeTensor> {
  const latents = await encoded(null)
  const [, ...shape] = latents.shape
  return core.NativeTensor.from(latents.data() as Float32Array, shape)
}

test("latents are the posterior's mean, or drawn from it as the seed says", async () => {
  const mean = await encoded(null)
  expect([mean.shape, mean.dtype]).toEqual([[1, 8, frames, 16], 'float32'])
  expect(mean.data().every(Number.isFinite)).toBe(true)
  const one = await encoded([1n])
  expect(one.data()).toEqual((await encoded([1n])).data())
  expect(one.data()).not.toEqual((await encoded([2n])).data())
  expect(one.data()).not.toEqual(mean.data())
})

test('audio embeddings are of length 1 and do not depend on the batch', async () => {
  const silence = new Float32Array(480000)
  const both = Float32Array.from([...tone(480000, 48000), ...silence])
  const embed = async (data: Float32Array) =>
    (
      await run((onEvent) =>
        model.embedAudio(core.NativeTensor.from(data, [data.length / 480000, 480000]), onEvent),
      )
    ).tensors[0]
  const embeddings = await embed(both)
  expect([embeddings.shape, embeddings.dtype]).toEqual([[2, 512], 'float32'])
  const values = embeddings.data() as Float32Array
  for (const row of [values.subarray(0, 512), values.subarray(512)]) {
    expect(row.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5)
  }
  expect((await embed(silence)).data()).toEqual(values.slice(512))
})

test('an embedding stands for the prompt it is of, in every bit', async () => {
  const { tensors } = await run((onEvent) => model.embedText([clip.inputIds], onEvent))
  const plain = await waveform({})
  const embedded = { ...clip, inputIds: new Int32Array(), embedding: tensors[0] }
  expect(await waveform({ clips: [embedded] })).toEqual(plain)
  const flat = core.NativeTensor.from(tensors[0].data() as Float32Array, [512])
  expect(await waveform({ clips: [{ ...embedded, embedding: flat }] })).toEqual(plain)
  const other = core.NativeTensor.from(new Float32Array(512).fill(512 ** -0.5), [512])
  expect(await waveform({ clips: [{ ...clip, embedding: other }] })).not.toEqual(plain)
})

test('steps left out are not taken: none gives plain generation, all the init itself', async () => {
  const init = await initLatents()
  const clips = [{ ...clip, init }]
  const plain = await generate({})
  expect(plain.steps).toEqual([1, 2, 3, 4].map((step) => [step, 4]))
  expect(await waveform({ clips })).toEqual(plain.tensors[0].data())
  const half = await generate({ clips, firstStep: 2 })
  expect(half.steps).toEqual([
    [1, 2],
    [2, 2],
  ])
  expect(half.tensors[0].data()).toEqual(await waveform({ clips, firstStep: 2 }))
  const none = await generate({ clips, firstStep: 4 })
  expect(none.steps).toEqual([])
  const latents = await encoded(null)
  const { tensors } = await run((onEvent) =>
    model.decodeLatents(latents, { samples: request.samples, windowFrames: 0 }, onEvent),
  )
  expect(none.tensors[0].data()).toEqual(tensors[0].data())
})

test('what a mask keeps is the init, in every bit of the latents', async () => {
  const init = await initLatents()
  const kept = 12 * 16
  const mask = core.NativeTensor.from(
    Float32Array.from({ length: frames * 16 }, (_, i) => (i < kept ? 1 : 0)),
    [frames, 16],
  )
  const latents: (Float32Array | undefined)[] = []
  await run((onEvent) =>
    model.generate({ ...request, clips: [{ ...clip, init, mask }], stepLatents: true }, (event) => {
      if (event.type === 'step') latents.push(event.latents?.data() as Float32Array)
      onEvent(event)
    }),
  )
  const source = init.data() as Float32Array
  for (let channel = 0; channel < 8; channel++) {
    const start = channel * frames * 16
    expect(latents.at(-1)?.slice(start, start + kept)).toEqual(source.slice(start, start + kept))
  }
  expect(latents.at(-1)).not.toEqual(source)
})

test('windows leave alone what fits in one, and take others by their own conditions', async () => {
  const windows = { frames, overlap: 8 }
  const plain = await waveform({})
  expect(await waveform({ windows })).toEqual(plain)
  const rows = Float32Array.from({ length: 3 * 512 }, (_, i) => Math.sin(i) / 16)
  const long = {
    latentFrames: 44,
    samples: [44 * 640],
    windows,
    clips: [{ ...clip, embedding: core.NativeTensor.from(rows, [3, 512]) }],
  }
  const first = await waveform(long)
  expect(first).toHaveLength(44 * 640)
  expect(await waveform(long)).toEqual(first)
  // Another condition in the last window: one step carries it no further than that window.
  const short = { ...long, scheduler: { ...request.scheduler, steps: 1 } }
  const before = await waveform(short)
  rows.fill(0, 1024)
  const changed = await waveform({
    ...short,
    clips: [{ ...clip, embedding: core.NativeTensor.from(rows, [3, 512]) }],
  })
  // The first window alone has 12 frames; what the vocoder reaches back is less than 9 of them.
  const alike = 3 * 640
  expect(changed.slice(0, alike)).toEqual(before.slice(0, alike))
  expect(changed.slice(-alike)).not.toEqual(before.slice(-alike))
})
