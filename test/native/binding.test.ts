import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archivesDir } from '../../lib/files/paths.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import { toNativeSpec } from '../../lib/hub/folder-spec.js'
import type {
  LoaderBinding,
  NativeError,
  NativeEvent,
  NativeGenerateRequest,
  NativeModel,
  NativeModelSpec,
  NativeTensor,
} from '../../lib/native/binding.js'
import { findLoader, loadNative } from '../../lib/native/load.js'
import { tinyModel } from '../models'

const { core } = loadNative({ cuda: false })

describe('lib/native/binding.ts says what the binary has', () => {
  const file = join(__dirname, '..', '..', 'lib', 'native', 'binding.ts')
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest)

  /** The members of an interface: 'name()' for methods and constructors, else 'name'. */
  function declared(name: string): string[] {
    const found = source.statements.find(
      (node): node is ts.InterfaceDeclaration =>
        ts.isInterfaceDeclaration(node) && node.name.text === name,
    )
    if (!found) throw new Error(`binding.ts has no interface ${name}`)
    return found.members
      .map((member) => {
        const own = (member.name as ts.Identifier).text
        if (ts.isMethodSignature(member)) return `${own}()`
        const type = ts.isPropertySignature(member) ? member.type?.getText(source) : undefined
        return /^(new |.*Constructor$)/.test(type ?? '') ? `${own}()` : own
      })
      .sort()
  }

  function exported(object: object, except: string[] = []): string[] {
    return Object.entries(Object.getOwnPropertyDescriptors(object))
      .filter(([name]) => !except.includes(name))
      .map(([name, { value }]) => (typeof value === 'function' ? `${name}()` : name))
      .sort()
  }

  const functionOwn = ['length', 'name', 'prototype', 'arguments', 'caller']

  test('LoaderBinding', () => {
    expect(exported(require(findLoader()) as LoaderBinding)).toEqual(declared('LoaderBinding'))
  })

  test('CoreBinding', () => {
    expect(exported(core)).toEqual(declared('CoreBinding'))
    expect(core.buildTorchVersion).toMatch(/^\d+\.\d+\.\d+$/)
    expect(typeof core.cpuHasBfloat16()).toBe('boolean')
    expect(core.cudaDeviceCount()).toBeGreaterThanOrEqual(0)
  })

  test.each([
    'NativeModel',
    'NativeNetwork',
    'NativeCompute',
    'NativeTrainer',
  ] as const)('%s', (name) => {
    expect(exported(core[name].prototype, ['constructor'])).toEqual(declared(name))
  })

  test('NativeTensor and its constructor', () => {
    const maker = core.NativeTensor as unknown as { prototype: object }
    expect(exported(maker.prototype, ['constructor'])).toEqual(declared('NativeTensor'))
    expect(exported(maker, functionOwn)).toEqual(declared('NativeTensorConstructor'))
  })
})

/** As the core would be called by someone who ignores its types. */
// biome-ignore lint/suspicious/noExplicitAny: that is what is tested.
type Any = any

const nothing = () => {}
const some = () => core.NativeTensor.from(new Float32Array(6), [2, 3])
const zeros = (...shape: number[]) =>
  core.NativeTensor.from(new Float32Array(shape.reduce((product, n) => product * n, 1)), shape)

describe('hostile tensors throw and never crash', () => {
  const from = core.NativeTensor.from as Any
  test.each<[string, () => unknown, RegExp]>([
    ['no data', () => from(), /expected a Float32Array/],
    ['another array', () => from(new Uint8Array(4), [4]), /Float32Array or a Float64Array/],
    ['a DataView', () => from(new DataView(new ArrayBuffer(16)), [4]), /expected a Float32Array/],
    ['no shape', () => from(new Float32Array(4)), /shape is not an array/],
    ['a shape that does not fit', () => from(new Float32Array(4), [5]), /does not fit/],
    ['negative sizes', () => from(new Float32Array(4), [-2, -2]), /0 and more/],
    ['sizes that overflow', () => from(new Float32Array(0), [2 ** 40, 2 ** 40]), /0 and more/],
    ['no numbers', () => from(new Float32Array(1), ['1']), /[Nn]umber/],
    ['no such dtype', () => some().to('float8' as Any, null), /no such dtype/],
    ['no such device', () => some().to(null, 'gpu'), /neither 'cpu' nor 'cuda:N'/],
    ['a device number too far', () => some().to(null, 'cuda:999'), /no device 'cuda:999'/],
    ['a constructor called as function', () => (core.NativeTensor as Any)(), /new/],
    ['a borrowed method', () => (some().data as Any).call({}), /Illegal invocation|argument/],
    ['a borrowed getter', () => Object.create(some()).shape, /Illegal invocation|argument/],
  ])('%s', (_, use, message) => {
    expect(use).toThrow(message)
  })

  test.each([Float32Array, Float64Array])('a part of a %s comes as it is', (array) => {
    const values = Array.of(0, 1 / 3, 2, Number.NaN, 4)
    const part = array.from(values).subarray(1, 4)
    const tensor = from(part, [3, 1])
    expect([tensor.dtype, tensor.shape]).toEqual([
      array === Float32Array ? 'float32' : 'float64',
      [3, 1],
    ])
    expect(tensor.data()).toEqual(array.from(part))
    tensor.dispose()
  })

  test('a detached array is an empty one', () => {
    const data = new Float32Array(4)
    structuredClone(data, { transfer: [data.buffer] })
    expect(() => from(data, [4])).toThrow(/does not fit/)
    expect(from(data, [0]).data()).toEqual(new Float32Array(0))
  })

  test('one that was never filled, and one that was disposed', () => {
    const disposed = some()
    disposed.dispose()
    disposed.dispose()
    for (const tensor of [new (core.NativeTensor as Any)(), disposed]) {
      expect(tensor.disposed).toBe(true)
      expect(() => tensor.shape).toThrow(/disposed/)
      expect(() => tensor.data()).toThrow(/disposed/)
      expect(() => tensor.to(null, null)).toThrow(/disposed/)
    }
  })

  test('what libtorch throws comes without its backtrace', () => {
    const message = (() => {
      try {
        return String(some().to(null, 'cuda:0'))
      } catch (error) {
        return (error as Error).message
      }
    })()
    expect(message).not.toContain('frame #')
  })
})

describe('hostile models and requests', () => {
  let spec: NativeModelSpec
  let model: NativeModel
  const clip = {
    inputIds: Int32Array.of(0, 5, 2),
    negativeInputIds: Int32Array.of(0, 2),
    guidanceScale: 2,
    seed: 1n,
  }
  const request: NativeGenerateRequest = {
    clips: [clip],
    latentFrames: 4,
    scheduler: {
      name: 'ddim',
      steps: 1,
      eta: 0,
      karras: false,
      timestepSpacing: 'leading',
      stepsOffset: 1,
      setAlphaToOne: false,
    },
    samples: [1600],
    windowFrames: 0,
    stepLatents: false,
  }

  function load(changed: object): Promise<[NativeModel, NativeError | null]> {
    return new Promise((resolve) => {
      const made = new core.NativeModel({ ...spec, ...changed } as NativeModelSpec, (error) =>
        resolve([made, error]),
      )
    })
  }

  /** The last event of a job. */
  function end(
    start: (onEvent: (event: NativeEvent) => void) => unknown,
  ): Promise<Extract<NativeEvent, { type: 'end' }>> {
    return new Promise((resolve) => {
      start((event) => {
        if (event.type === 'end') resolve(event)
      })
    })
  }

  const dispose = (native: NativeModel) => new Promise<void>((done) => native.dispose(done))

  beforeAll(async () => {
    const folder = await readModelFolder(tinyModel)
    spec = toNativeSpec(folder, {
      device: 'cpu',
      dtype: 'float32',
      threads: 1,
      archivesDir: archivesDir(),
    })
    const [made, error] = await load({})
    expect(error).toBe(null)
    model = made
  })
  afterAll(() => dispose(model))

  const Model = core.NativeModel as Any

  test.each<[string, (good: Any) => unknown, string]>([
    ['no spec', () => undefined, 'spec is not an object'],
    ['text', () => 'spec', 'spec is not an object'],
    ['an empty one', () => ({}), 'threads is not a number'],
    ['no threads', (s) => ({ ...s, threads: 0 }), 'threads is not 1 to 1024'],
    ['too many threads', (s) => ({ ...s, threads: 1e9 }), 'threads is not 1 to 1024'],
    ['NaN threads', (s) => ({ ...s, threads: Number.NaN }), 'threads is not a whole number'],
    ['a dtype', (s) => ({ ...s, dtype: 'float8' }), 'dtype is not a dtype'],
    ['a file', (s) => ({ ...s, files: [7] }), 'files is not an array of strings'],
    ['no parts', (s) => ({ ...s, parts: {} }), 'unet is not an object'],
    ['ᾱ of another type', (s) => ({ ...s, alphasCumprod: new Uint8Array(8) }), 'a Float64Array'],
    ['a negative hop', (s) => ({ ...s, vocoderHop: -1 }), 'vocoderHop is not 0 or more'],
    ['no VAE factor', (s) => ({ ...s, vaeFactor: undefined }), 'vaeFactor is not a number'],
    [
      'no mel front-end',
      (s) => ({ ...s, parts: { ...s.parts, mel_spectrogram: undefined } }),
      'mel_spectrogram is not an object',
    ],
    [
      'an audio encoder that is none',
      (s) => ({ ...s, parts: { ...s.parts, audio_encoder: 'no' } }),
      'audio_encoder is not an object',
    ],
  ])('a spec: %s', (_, change, message) => {
    expect(() => new Model(change(spec), nothing)).toThrow(message)
  })

  test.each<[string, object, string]>([
    ['no object', { weights: [undefined] }, 'an entry of weights is not an object'],
    ['a negative offset', { weights: [{ name: 'a', file: 0, offset: -1 }] }, 'offset is not 0'],
    ['no archive', { archive: 1 }, 'archive is not a string'],
    ['an attribute', { attributes: { heads: 'many' } }, 'heads is not a number'],
  ])('a part: %s', (_, change, message) => {
    const unet = { ...spec.parts.unet, ...change }
    expect(() => new Model({ ...spec, parts: { ...spec.parts, unet } }, nothing)).toThrow(message)
  })

  test('a model without a callback, or called as a function', () => {
    expect(() => new Model(spec)).toThrow('onLoaded is not a function')
    expect(() => Model(spec, nothing)).toThrow(/new/)
  })

  test('an accessor that throws in the middle', () => {
    const mine = new Error('mine')
    const trap = {
      get vocoder() {
        throw mine
      },
    }
    const parts = Object.defineProperties({ ...spec.parts }, Object.getOwnPropertyDescriptors(trap))
    expect(() => new Model({ ...spec, parts }, nothing)).toThrow(mine)
  })

  test.each<[string, (good: NativeModelSpec) => object, RegExp]>([
    ['a device that is not there', () => ({ device: 'cuda:99' }), /cuda:99/],
    ['a file that is not there', () => ({ files: ['/no/such/file'] }), /\/no\/such\/file/],
    ['too few files', () => ({ files: [] }), /file that was not given|range/],
    [
      'a weight past the end of its file',
      (s) => ({ parts: withWeight(s, { offset: 2 ** 50 }) }),
      /beyond the end/,
    ],
    [
      'a shape of more bytes than there are',
      (s) => ({ parts: withWeight(s, { shape: [2 ** 31, 2 ** 31], strides: [2 ** 31, 1] }) }),
      /larger than any file|beyond the end/,
    ],
    [
      'a name that is not there',
      (s) => ({ parts: withWeight(s, { name: 'no.such' }) }),
      /no\.such/,
    ],
    [
      'an archive that is not there',
      (s) => ({ parts: { ...s.parts, unet: { ...s.parts.unet, archive: '/no/unet.pt' } } }),
      /\/no\/unet\.pt/,
    ],
  ])('loading fails: %s', async (_, change, message) => {
    const [made, error] = await load(change(spec))
    expect(error?.message).toMatch(message)
    expect(error?.message).not.toContain('frame #')
    // Not loaded, and still no crash.
    const ended = await end((onEvent) => made.generate(request, onEvent))
    expect(ended).toMatchObject({ error: { message: 'The model is not loaded.' } })
    await dispose(made)
  })

  function withWeight(s: NativeModelSpec, change: object) {
    const [first, ...rest] = s.parts.unet.weights
    return { ...s.parts, unet: { ...s.parts.unet, weights: [{ ...first, ...change }, ...rest] } }
  }

  test.each<[string, Any, string]>([
    ['none', undefined, 'request is not an object'],
    ['no clips', { clips: undefined }, 'clips is not an array'],
    ['a clip', { clips: [null] }, 'an entry of clips is not an object'],
    ['ids', { clips: [{ inputIds: [1, 2] }] }, 'token ids is not an Int32Array'],
    ['other ids', { clips: [{ inputIds: new Uint8Array(3) }] }, 'token ids is not an Int32Array'],
    ['latent frames', { latentFrames: -4 }, 'latentFrames is not 0 or more'],
    ['infinite frames', { latentFrames: Number.POSITIVE_INFINITY }, 'latentFrames is not a whole'],
    ['samples', { samples: [1.5] }, 'samples is not an array of whole numbers'],
    ['windows', { windowFrames: '2' }, 'windowFrames is not a number'],
    ['a scheduler', { scheduler: null }, 'scheduler is not an object'],
    ['a first step', { firstStep: 0.5 }, 'firstStep is not a whole number'],
    ['windows of latents', { windows: 24 }, 'windows is not an object'],
    ['windows without an overlap', { windows: { frames: 24 } }, 'overlap is not a number'],
    ['negative windows', { windows: { frames: -24, overlap: 0 } }, 'frames is not 0 or more'],
    ['an embedding', { clips: [{ ...clip, embedding: [1] }] }, 'expected a NativeTensor'],
    ['an init', { clips: [{ ...clip, init: new Float32Array(4) }] }, 'expected a NativeTensor'],
    ['a mask', { clips: [{ ...clip, mask: 1 }] }, 'expected a NativeTensor'],
  ])('a request: %s', (_, change, message) => {
    const bad = change === undefined ? undefined : { ...request, ...change }
    expect(() => model.generate(bad as Any, nothing)).toThrow(message)
  })

  test.each<[string, bigint | number, string]>([
    ['a number', 7, 'seed is not a bigint'],
    ['negative', -1n, 'seed is not from 0'],
    ['too large', 2n ** 64n, 'seed is not from 0'],
  ])('a seed that is %s', (_, seed, message) => {
    const clips = [{ ...request.clips[0], seed }]
    expect(() => model.generate({ ...request, clips } as Any, nothing)).toThrow(message)
  })

  test.each<[string, object, RegExp]>([
    ['no clips', { clips: [] }, /needs clips/],
    ['no frames', { latentFrames: 0 }, /latent frames/],
    ['samples for two', { samples: [1, 2] }, /number of samples for each/],
    ['no steps', { scheduler: { ...request.scheduler, steps: 0 } }, /steps is 0/],
    ['negative steps', { scheduler: { ...request.scheduler, steps: -3 } }, /steps is -3/],
    ['too many steps', { scheduler: { ...request.scheduler, steps: 1e9 } }, /1000000000/],
    ['a scheduler', { scheduler: { ...request.scheduler, name: 'plms' } }, /'plms'/],
    ['a token', { clips: [{ ...request.clips[0], inputIds: Int32Array.of(0, 9e8) }] }, /range/],
    ['no tokens', { clips: [{ ...request.clips[0], inputIds: new Int32Array() }] }, /./],
    ['more frames than memory', { latentFrames: 2 ** 40 }, /memory/i],
    ['frames that overflow', { latentFrames: 2 ** 52 }, /./],
    ['many windows', { latentFrames: 2 ** 40, windows: { frames: 1, overlap: 0 } }, /memory/i],
    ['windows of nothing', { windows: { frames: 0, overlap: 0 } }, /0 latent frames/],
    ['windows that do not move', { windows: { frames: 4, overlap: 4 } }, /overlap by 4/],
    ['a first step before the first', { firstStep: -1 }, /step is -1; it must be 0 to 1/],
    ['a first step after the last', { firstStep: 2 }, /step is 2; it must be 0 to 1/],
    ['a first step without an init', { firstStep: 1 }, /no init/],
    ['a mask without an init', { clips: [{ ...clip, mask: zeros(4, 16) }] }, /no init/],
    ['an init of other frames', { firstStep: 1, clips: [{ ...clip, init: zeros(8, 5, 16) }] }, /5/],
    ['an init of no clip', { firstStep: 1, clips: [{ ...clip, init: zeros(0) }] }, /\[0\]/],
    [
      'a mask of other bins',
      { clips: [{ ...clip, init: zeros(8, 4, 16), mask: zeros(4, 15) }] },
      /mask is \[4, 15\]; it must be \[4, 16\]/,
    ],
    ['an embedding too narrow', { clips: [{ ...clip, embedding: zeros(3) }] }, /./],
    ['an empty embedding', { clips: [{ ...clip, embedding: zeros(0) }] }, /embedding is \[0\]/],
    ['embeddings for windows', { clips: [{ ...clip, embedding: zeros(2, 512) }] }, /\[2, 512\]/],
    ['a number for one', { clips: [{ ...clip, embedding: zeros() }] }, /embedding is \[\]/],
  ])('a job ends with an error: %s', async (_, change, message) => {
    const ended = await end((onEvent) => model.generate({ ...request, ...change }, onEvent))
    if (!('error' in ended)) throw new Error('it went through')
    expect(ended.error.message).toMatch(message)
    expect(ended.error.message).not.toContain('frame #')
  })

  test('offsets, η and guidance out of range do no harm', async () => {
    for (const stepsOffset of [-5000, 5000]) {
      for (const name of ['ddim', 'dpmpp-2m', 'euler', 'euler-a'] as const) {
        const scheduler = { ...request.scheduler, name, steps: 3, stepsOffset, eta: Number.NaN }
        const clips = [{ ...request.clips[0], guidanceScale: Number.NaN }]
        const ended = await end((onEvent) =>
          model.generate({ ...request, clips, scheduler }, onEvent),
        )
        expect(ended.type).toBe('end')
      }
    }
  })

  test('latents and prompts', async () => {
    const decode = model.decodeLatents.bind(model) as Any
    const one = { samples: [100], windowFrames: 0 }
    expect(() => decode({}, one, nothing)).toThrow('expected a NativeTensor')
    expect(() => decode(null, one, nothing)).toThrow('expected a NativeTensor')
    const impostor = Object.create((core.NativeTensor as Any).prototype)
    expect(() => decode(impostor, one, nothing)).toThrow('expected a NativeTensor')
    // A foreign native object behind our prototype would be read as a tensor.
    const disguised = new Model(spec, nothing)
    Object.setPrototypeOf(disguised, (core.NativeTensor as Any).prototype)
    expect(() => decode(disguised, one, nothing)).toThrow('expected a NativeTensor')
    await dispose(Object.setPrototypeOf(disguised, Model.prototype))

    const disposed = some()
    disposed.dispose()
    expect(() => decode(disposed, one, nothing)).toThrow(/disposed/)
    expect(() => decode(some(), one)).toThrow('onEvent is not a function')
    const flat = await end((onEvent) => decode(some(), one, onEvent))
    expect(flat).toMatchObject({ error: { message: expect.stringContaining('[2, 3]') } })
    expect(() => model.embedText('text' as Any, nothing)).toThrow('inputIds is not an array')
    expect(() => model.embedText([[1]] as Any, nothing)).toThrow('token ids is not an Int32Array')
    const none = await end((onEvent) => model.embedText([], onEvent))
    expect('error' in none).toBe(true)
  })

  test('audio', async () => {
    const encode = model.encodeAudio.bind(model) as Any
    const mean = { seeds: null }
    expect(() => encode({}, mean, nothing)).toThrow('expected a NativeTensor')
    expect(() => encode(zeros(1, 640), {}, nothing)).toThrow('seeds is not an array')
    expect(() => encode(zeros(1, 640), { seeds: [1] }, nothing)).toThrow('seed is not a bigint')
    expect(() => encode(zeros(1, 640), mean)).toThrow('onEvent is not a function')
    expect(() => (model.embedAudio as Any)([1], nothing)).toThrow('expected a NativeTensor')
    const refused: [NativeTensor, object, RegExp][] = [
      [zeros(640), mean, /must be \[clips, samples\]/],
      [zeros(0, 640), mean, /must be \[clips, samples\]/],
      [zeros(1, 641), mean, /641 samples; this model needs a multiple of 640/],
      [zeros(2, 640), { seeds: [1n] }, /1 seeds for 2 waveforms/],
      [zeros(1, 640), { ...mean, windows: { frames: 1, overlap: 1 } }, /overlap by 1/],
    ]
    for (const [waveforms, settings, message] of refused) {
      const ended = await end((onEvent) => encode(waveforms, settings, onEvent))
      expect(ended).toMatchObject({ error: { message: expect.stringMatching(message) } })
    }
    for (const waveforms of [zeros(480000), zeros(1, 0)]) {
      const ended = await end((onEvent) => model.embedAudio(waveforms, onEvent))
      expect(ended).toMatchObject({ error: { code: 'ENGINE_FAILED' } })
    }
  })

  test('parts that few jobs need are loaded by those, and told of by name', async () => {
    const lacking = { ...spec.parts.vae_encoder, archive: '/no/vae_encoder.pt' }
    const parts = { ...spec.parts, vae_encoder: lacking, audio_encoder: undefined }
    const [made, error] = await load({ parts })
    expect(error).toBe(null)
    const generated = await end((onEvent) => made.generate(request, onEvent))
    expect(generated).toHaveProperty('tensors')
    for (let i = 0; i < 2; i++) {
      const encoded = await end((onEvent) =>
        made.encodeAudio(zeros(1, 640), { seeds: null }, onEvent),
      )
      expect(encoded).toMatchObject({
        error: { message: expect.stringContaining('/no/vae_encoder.pt') },
      })
    }
    const embedded = await end((onEvent) => made.embedAudio(zeros(1, 480000), onEvent))
    expect(embedded).toMatchObject({
      error: { code: 'ENGINE_FAILED', message: 'This model has no audio encoder.' },
    })
    await dispose(made)
  })

  test('a job is aborted any number of times, and after its end', async () => {
    const job: { abort?: () => void } = {}
    const ended = await end((onEvent) => Object.assign(job, model.generate(request, onEvent)))
    expect('tensors' in ended && ended.tensors[0].shape).toEqual([1600])
    job.abort?.()
    job.abort?.()
    const aborted = await end((onEvent) => {
      const second = model.generate(request, onEvent)
      second.abort()
      second.abort()
    })
    expect(aborted).toMatchObject({ error: { code: 'ABORTED' } })
  })

  test('a disposed model says so', async () => {
    const [made] = await load({})
    expect(() => (made.dispose as Any)()).toThrow('onDisposed is not a function')
    const running = end((onEvent) => made.generate(request, onEvent))
    await dispose(made)
    expect(await running).toMatchObject({ error: { code: 'DISPOSED' } })
    await dispose(made)
    expect(() => made.generate(request, nothing)).toThrow(/disposed/)
    expect(() => made.embedText([Int32Array.of(0, 2)], nothing)).toThrow(/disposed/)
  })

  test('a listener that throws is heard of, and costs nobody their events', async () => {
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const caught: unknown[] = []
    process.on('uncaughtException', (error) => caught.push(error))
    const first = end((onEvent) =>
      model.generate(request, (event) => {
        onEvent(event)
        throw new Error(`from the listener of ${event.type}`)
      }),
    )
    const second = end((onEvent) => model.generate(request, onEvent))
    expect('tensors' in (await first)).toBe(true)
    expect('tensors' in (await second)).toBe(true)
    process.removeAllListeners('uncaughtException')
    for (const listener of others) process.on('uncaughtException', listener)
    expect(caught.map((error) => (error as Error).message)).toEqual([
      'from the listener of step',
      'from the listener of audio',
      'from the listener of end',
    ])
  })

  test('a shutdown ends every model, whatever it does', async () => {
    const [working] = await load({})
    const scheduler = { ...request.scheduler, steps: 1000 }
    const events: string[] = []
    working.generate({ ...request, scheduler }, ({ type }) => events.push(type))
    const loading = new core.NativeModel(spec, () => events.push('loaded'))
    core.shutdown()
    for (const ended of [working, loading, model]) {
      expect(() => ended.generate(request, nothing)).toThrow(/disposed/)
      await dispose(ended)
    }
    core.shutdown()
    expect(events).toEqual([])
  })
})
