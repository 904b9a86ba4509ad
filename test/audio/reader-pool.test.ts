import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { maxFileBytes } from '../../lib/audio/audio-limits.js'
import { AudioReaderPool } from '../../lib/audio/reader-pool.js'
import { encodeWav } from '../../lib/audio/wav.js'
import { AbortError, AudioError, DisposedError } from '../../lib/errors.js'

const repository = join(__dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'audioldm-pool-'))
afterAll(() => rmSync(folder, { recursive: true }))

const ramp = Float32Array.from({ length: 1000 }, (_, i) => i / 1024)
const right = ramp.map((value) => -value)
const good = join(folder, 'ramp.wav')
writeFileSync(good, encodeWav([ramp, right], 8000, 'float32'))
const long = join(folder, 'long.wav')
writeFileSync(long, encodeWav(new Float32Array(8_000_000), 48000))
const webm = join(repository, 'test/fixtures/audio/tone.webm')

const pools: AudioReaderPool[] = []
function pool(...options: ConstructorParameters<typeof AudioReaderPool>): AudioReaderPool {
  const created = new AudioReaderPool(...options)
  pools.push(created)
  return created
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((one) => one.dispose()))
})

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it was read')
    },
    (error) => error,
  )
}

describe('a pool of readers', () => {
  it('reads files and hashes them', async () => {
    const reader = pool(2)
    const results = await Promise.all([good, webm, good].map((path) => reader.read(path)))
    expect(results.map(({ hash }) => hash)).toEqual([good, webm, good].map(sha256))
    expect(results[2].audio).toEqual({ channels: [ramp, right], sampleRate: 8000 })
    expect(results[1].audio.channels[0]).toHaveLength(24000)
    expect(await reader.hash(webm)).toBe(sha256(webm))
  })

  it('decodes bytes, which stay with the caller', async () => {
    const bytes = readFileSync(good)
    const { hash, audio } = await pool(1).decode(bytes)
    expect(hash).toBe(sha256(good))
    expect(audio.channels).toEqual([ramp, right])
    expect(bytes.equals(readFileSync(good))).toBe(true)
  })

  it('gives the reason for each bad file and reads the others', async () => {
    mkdirSync(join(folder, 'clips.wav'))
    writeFileSync(join(folder, 'notes.wav'), 'a list of things\n')
    execFileSync('mkfifo', [join(folder, 'fifo.wav')])
    execFileSync('truncate', ['-s', String(maxFileBytes + 1), join(folder, 'huge.wav')])
    const reader = pool(2)
    const cases: [string, RegExp][] = [
      [join(folder, 'no.wav'), /^cannot be opened \(there is no such file\)$/],
      [join(folder, 'clips.wav'), /^is a folder$/],
      [join(folder, 'notes.wav'), /^is text, not sound$/],
      [join(folder, 'fifo.wav'), /^is a pipe or a device/],
      ['/dev/zero', /^is a pipe or a device/],
      [join(folder, 'huge.wav'), /^has 1073741825 bytes, more than/],
    ]
    const errors = cases.map(([path]) => errorOf(reader.read(path)))
    const { audio } = await reader.read(good)
    expect(audio.sampleRate).toBe(8000)
    for (const [i, error] of (await Promise.all(errors)).entries()) {
      expect(error).toBeInstanceOf(AudioError)
      expect(error.message).toMatch(cases[i][1])
    }
    expect(await errorOf(reader.hash(cases[0][0]))).toBeInstanceOf(AudioError)
    expect(await reader.hash(cases[2][0])).toBe(sha256(cases[2][0]))
  })

  it('gives up a file that takes too long and goes on in another thread', async () => {
    const reader = pool(1, 30)
    const slow = await errorOf(reader.read(long))
    expect(slow).toBeInstanceOf(AudioError)
    expect(slow.message).toBe('took longer than 0.03 s to read')
    const patient = pool(1)
    expect((await patient.read(long)).audio.channels[0]).toHaveLength(8_000_000)
  })

  it('puts another thread in the place of one whose decoder broke down', async () => {
    const reader = pool(1)
    await reader.read(webm)
    // A byte of the codebooks, at which the decoder trips over itself instead of reporting it.
    const broken = readFileSync(join(repository, 'test/fixtures/audio/tone-vorbis.webm'))
    broken[352] = 255
    for (let i = 0; i < 3; i++) {
      const error = await errorOf(reader.decode(broken))
      expect(error).toBeInstanceOf(AudioError)
      expect(error.message).toMatch(/^cannot be decoded/)
      expect((await reader.read(good)).audio.channels).toEqual([ramp, right])
    }
  })

  it('drops what has not begun when it is aborted', async () => {
    const reader = pool(1)
    const { signal, abort } = controller()
    const running = errorOf(reader.read(long, { signal }))
    const queued = Array.from({ length: 50 }, () => errorOf(reader.read(long, { signal })))
    const other = reader.read(good)
    abort('enough')
    for (const error of [await running, ...(await Promise.all(queued))]) {
      expect(error).toBeInstanceOf(AbortError)
      expect(error.cause).toBe('enough')
    }
    expect((await other).audio.sampleRate).toBe(8000)
    expect(await errorOf(reader.read(good, { signal }))).toBeInstanceOf(AbortError)
  })

  it('rejects what is under way when it is disposed', async () => {
    const reader = pool(1)
    const both = [errorOf(reader.read(long)), errorOf(reader.read(good))]
    await reader.dispose()
    for (const error of await Promise.all(both)) expect(error).toBeInstanceOf(DisposedError)
    expect(await errorOf(reader.read(good))).toBeInstanceOf(DisposedError)
    await reader.dispose()
  })
})

describe('a process with a pool', () => {
  const module = JSON.stringify(join(repository, 'dist/audio/reader-pool.js'))
  const read = `const { AudioReaderPool } = require(${module})
    new AudioReaderPool(2).read(${JSON.stringify(good)}).then(({ audio }) =>
      console.log(audio.channels.length, audio.sampleRate))`

  function run(program: string): string {
    return execFileSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 20_000 })
  }

  it('waits for a file and then ends by itself', () => {
    expect(run(read)).toBe('2 8000\n')
  })

  it('may have it in a worker thread', () => {
    const program = `new (require('node:worker_threads').Worker)(${JSON.stringify(read)}, { eval: true })`
    expect(run(program)).toBe('2 8000\n')
  })
})

function controller(): { signal: AbortSignal; abort: (reason: string) => void } {
  const abort = new AbortController()
  return { signal: abort.signal, abort: (reason) => abort.abort(reason) }
}
