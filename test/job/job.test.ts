import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AbortError } from '../../lib/errors.js'
import { Job, type JobControl } from '../../lib/job.js'
import { loadNative } from '../../lib/native/load.js'
import { Tensor } from '../../lib/tensor.js'

type Event =
  | { type: 'step'; step: number; latents?: Tensor }
  | { type: 'audio'; index: number; samples?: Tensor }
  | { type: 'clip'; index: number }

const { core } = loadNative({ cuda: false })
const tensor = () => new Tensor(core.NativeTensor.from(new Float32Array(4), [4]))
const step = (n: number, latents?: Tensor): Event => ({ type: 'step', step: n, latents })
const audio = (index: number, samples?: Tensor): Event => ({ type: 'audio', index, samples })
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const rejections: unknown[] = []
const onRejection = (reason: unknown) => rejections.push(reason)
let others: NodeJS.UnhandledRejectionListener[]
beforeEach(() => {
  rejections.length = 0
  others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', onRejection)
})
afterEach(() => {
  process.removeAllListeners('unhandledRejection')
  for (const listener of others) process.on('unhandledRejection', listener)
})

/** A job whose events and end the test decides. */
function manual() {
  let control: JobControl<Event> | undefined
  let end = (_ = 'done') => {}
  let fail = (_: unknown) => {}
  let begun = () => {}
  const started = new Promise<void>((resolve) => {
    begun = resolve
  })
  const job = new Job<Event, string>((given) => {
    control = given
    begun()
    return new Promise<string>((resolve, reject) => {
      end = (value = 'done') => resolve(value)
      fail = reject
    })
  })
  return {
    job,
    started,
    emit: (...events: Event[]) => {
      for (const event of events) control?.emit(event)
    },
    end: () => end(),
    fail: (error: unknown) => fail(error),
  }
}

async function collect(job: Job<Event, string>): Promise<string[]> {
  const seen: string[] = []
  for await (const event of job) {
    seen.push(`${event.type} ${event.type === 'step' ? event.step : event.index}`)
  }
  return seen
}

describe('events', () => {
  test('come in order, one by one to a reader that keeps up', async () => {
    const { job, started, emit, end } = manual()
    const seen = collect(job)
    await started
    for (let i = 1; i <= 3; i++) {
      emit(step(i))
      await turn()
    }
    emit(audio(0), audio(1))
    end()
    expect(await seen).toEqual(['step 1', 'step 2', 'step 3', 'audio 0', 'audio 1'])
    expect(await job).toBe('done')
  })

  test('an unread step gives way to a newer one; nothing else is dropped', async () => {
    const { job, started, emit, end } = manual()
    await started
    const stale = tensor()
    const latest = tensor()
    emit(step(1, stale), audio(0), step(2), audio(1), { type: 'clip', index: 0 }, step(3, latest))
    expect([stale.disposed, latest.disposed]).toEqual([true, false])
    end()
    await turn()
    expect(await collect(job)).toEqual(['audio 0', 'audio 1', 'clip 0', 'step 3'])
    expect(latest.disposed).toBe(true)
  })

  test('memory stays bounded by one step however many come', async () => {
    const before = core.liveTensorBytes()
    const { job, started, emit, end } = manual()
    await started
    for (let i = 1; i <= 1000; i++) emit(step(i, tensor()))
    expect(core.liveTensorBytes() - before).toBe(16)
    end()
    await job
    expect(core.liveTensorBytes()).toBe(before)
  })

  test('are there for an iteration that begins after the end, once', async () => {
    const { job, started, emit, end } = manual()
    await started
    emit(audio(0), audio(1))
    end()
    await turn()
    expect(await collect(job)).toEqual(['audio 0', 'audio 1'])
    expect(await collect(job)).toEqual([])
  })

  test('cannot be read by two at a time', async () => {
    const { job, started, end } = manual()
    await started
    const first = collect(job)
    await expect(collect(job)).rejects.toThrow('iterated already')
    end()
    expect(await first).toEqual([])
  })
})

describe('tensors of events', () => {
  test('are released when the loop moves on, unless kept', async () => {
    const { job, started, emit, end } = manual()
    await started
    const tensors = [tensor(), tensor(), tensor()]
    tensors.forEach((samples, index) => {
      emit(audio(index, samples))
    })
    end()
    const states: boolean[][] = []
    for await (const event of job) {
      states.push(tensors.map((t) => t.disposed))
      if (event.type === 'audio' && event.index === 1) event.samples?.keep()
    }
    expect(states).toEqual([
      [false, false, false],
      [true, false, false],
      [true, false, false],
    ])
    expect(tensors.map((t) => t.disposed)).toEqual([true, false, true])
    tensors[1].dispose()
  })

  test('are released when the job is only awaited, before or after its end', async () => {
    for (const early of [true, false]) {
      const { job, started, emit, end } = manual()
      await started
      const samples = tensor()
      const result = early ? job.then((value) => value) : undefined
      emit(audio(0, samples))
      expect(samples.disposed).toBe(false)
      end()
      await turn()
      expect(await (result ?? job)).toBe('done')
      expect(samples.disposed).toBe(true)
    }
  })

  test('are released when the loop ends early; the job goes on to its result', async () => {
    const { job, started, emit, end } = manual()
    await started
    const tensors = [tensor(), tensor(), tensor()]
    emit(audio(0, tensors[0]), audio(1, tensors[1]))
    for await (const _ of job) break
    expect(tensors.map((t) => t.disposed)).toEqual([true, true, false])
    emit(audio(2, tensors[2]))
    end()
    expect(await job).toBe('done')
    expect(tensors[2].disposed).toBe(true)
  })

  test('are released when the loop body throws', async () => {
    const { job, started, emit, end } = manual()
    await started
    const samples = tensor()
    emit(audio(0, samples))
    const failing = async () => {
      for await (const _ of job) throw new Error('mine')
    }
    await expect(failing()).rejects.toThrow('mine')
    expect(samples.disposed).toBe(true)
    end()
    expect(await job).toBe('done')
  })
})

describe('failures', () => {
  const broken = () =>
    new Job<Event, string>(async ({ emit }) => {
      emit(audio(0))
      throw new Error('broken')
    })

  test('reach who iterates, after the events that came before', async () => {
    const seen: string[] = []
    const reading = async () => {
      for await (const event of broken()) seen.push(event.type)
    }
    await expect(reading()).rejects.toThrow('broken')
    expect(seen).toEqual(['audio'])
    await turn()
    expect(rejections).toEqual([])
  })

  test('reach who awaits', async () => {
    await expect(broken().then()).rejects.toThrow('broken')
    await turn()
    expect(rejections).toEqual([])
  })

  test('reach both', async () => {
    const job = broken()
    await expect(Promise.all([collect(job), job])).rejects.toThrow('broken')
    await expect(collect(job)).rejects.toThrow('broken')
    await turn()
    expect(rejections).toEqual([])
  })

  test('after the loop was left are the loop’s no more, and unhandled nowhere', async () => {
    const { job, started, emit, fail } = manual()
    await started
    emit(audio(0))
    for await (const _ of job) break
    fail(new Error('late'))
    await turn()
    expect(rejections).toEqual([])
    await expect(job.then()).rejects.toThrow('late')
  })

  test('that nobody looks at are an unhandled rejection', async () => {
    broken()
    await turn()
    await turn()
    expect(rejections.map((reason) => (reason as Error).message)).toEqual(['broken'])
  })
})

describe('abort', () => {
  const waiting = (signal?: AbortSignal) =>
    new Job<Event, string>(
      (control) =>
        new Promise((_, reject) => {
          control.signal.addEventListener('abort', () => reject(new Error('stopped')))
        }),
      signal,
    )

  test.each(['abort()', 'signal'])('by %s: AbortError with the reason as cause', async (by) => {
    const controller = new AbortController()
    const job = waiting(controller.signal)
    const reason = new Error('enough')
    setImmediate(() => (by === 'signal' ? controller.abort(reason) : job.abort(reason)))
    const error = await job.then(undefined, (e: unknown) => e)
    expect(error).toBeInstanceOf(AbortError)
    expect(error).toMatchObject({ code: 'ABORTED', cause: reason })
  })

  test('before the start: the work never begins', async () => {
    let begun = false
    const work = async () => {
      begun = true
      return ''
    }
    const reason = new Error('never mind')
    const job = new Job<Event, string>(work, AbortSignal.abort(reason))
    await expect(job.then()).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
    const second = new Job<Event, string>(work)
    second.abort(reason)
    await expect(collect(second)).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
    expect(begun).toBe(false)
  })

  test('after the end changes nothing, and the signal is let go', async () => {
    const { signal, ...controller } = listened()
    const job = new Job<Event, string>(async () => 'done', signal)
    expect(controller.count()).toBe(1)
    expect(await job).toBe('done')
    expect(controller.count()).toBe(0)
    job.abort()
    expect(await job).toBe('done')
  })

  test('a failure of another kind stays itself', async () => {
    const { job, started, fail } = manual()
    await started
    fail(new TypeError('a defect'))
    await expect(job.then()).rejects.toBeInstanceOf(TypeError)
  })
})

/** A signal that counts who listens to it. */
function listened() {
  const { signal } = new AbortController()
  const listeners = new Set<unknown>()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners.add(args[1])
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners.delete(args[1])
    removeEventListener.apply(signal, args)
  }
  return { signal, count: () => listeners.size }
}
