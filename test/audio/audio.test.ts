import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Audio } from '../../lib/audio/audio.js'
import { encodeWav } from '../../lib/audio/wav.js'
import { DisposedError, OutputError } from '../../lib/errors.js'
import { checkWritable, writeFileAtomic } from '../../lib/files/write-file.js'
import type { Tensor } from '../../lib/tensor.js'
import { compileLibrary } from '../cli/run-cli.js'

let work: string
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'audioldm-audio-'))
})
afterEach(() => rmSync(work, { recursive: true, force: true }))

/** Samples in JavaScript's memory: what Audio uses of a Tensor. */
class Samples {
  disposals = 0
  constructor(
    readonly values: Float32Array,
    readonly shape: readonly number[] = [values.length],
  ) {}
  async data() {
    return this.values.slice()
  }
  dispose() {
    this.disposals++
  }
}

const wave = Float32Array.from({ length: 8000 }, (_, i) => 0.5 * Math.sin(i / 5))
const audioOf = (samples: Samples, rate = 16000) => new Audio(samples as unknown as Tensor, rate)
const clip = () => audioOf(new Samples(wave))

async function failure(work: Promise<unknown>): Promise<OutputError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(OutputError)
  return error
}

describe('Audio', () => {
  test('duration, samples, WAV', async () => {
    const audio = clip()
    expect(audio.durationSeconds).toBe(0.5)
    expect(await audio.toFloat32Array()).toEqual(wave)
    expect(await audio.toWav()).toEqual(encodeWav(wave, 16000))
    expect(await audio.toWav({ format: 'float32' })).toEqual(encodeWav(wave, 16000, 'float32'))
    expect(inspect(audio)).toBe('Audio { 0.50 s, 16000 Hz, mono }')
  })

  test('two channels', async () => {
    const both = Float32Array.of(0.1, 0.2, -0.1, -0.2)
    const audio = audioOf(new Samples(both, [2, 2]), 8000)
    const expected = encodeWav([both.slice(0, 2), both.slice(2)], 8000)
    expect(await audio.toWav()).toEqual(expected)
    expect(inspect(audio)).toContain('stereo')
    expect(() => audioOf(new Samples(both, [2, 2, 1]), 8000)).toThrow('[2, 2, 1]')
  })

  test('dispose releases once and later use is an error', async () => {
    const samples = new Samples(wave)
    const audio = audioOf(samples)
    audio.dispose()
    audio[Symbol.dispose]()
    expect(samples.disposals).toBe(1)
    await expect(audio.toWav()).rejects.toThrow(DisposedError)
    await expect(audio.save(join(work, 'a.wav'))).rejects.toThrow(DisposedError)
    expect(readdirSync(work)).toEqual([])
    expect(inspect(audio)).toContain('disposed')
  })

  test('HTML holds sound and picture, and escapes the title', async () => {
    const { decode } = await import('fast-png')
    const html = await clip().toHTML({ title: '<script>"x" & \'y\'</script>' })
    expect(html).not.toContain('<script')
    expect(html).toContain('&#60;script&#62;&#34;x&#34; &#38; &#39;y&#39;')
    const wav = /src="data:audio\/wav;base64,([^"]+)"/.exec(html)?.[1] as string
    expect(new Uint8Array(Buffer.from(wav, 'base64'))).toEqual(encodeWav(wave, 16000))
    const png = /src="data:image\/png;base64,([^"]+)"/.exec(html)?.[1] as string
    expect(decode(Buffer.from(png, 'base64')).width).toBe(640)
    expect(html).not.toMatch(/https?:/)
  })
})

describe('writing', () => {
  test('save writes one file and replaces an old one', async () => {
    const path = join(work, 'dog.wav')
    writeFileSync(path, 'old')
    await clip().save(path)
    expect(new Uint8Array(readFileSync(path))).toEqual(encodeWav(wave, 16000))
    await clip().save(path, { format: 'float32' })
    expect(new Uint8Array(readFileSync(path))).toEqual(encodeWav(wave, 16000, 'float32'))
    expect(readdirSync(work)).toEqual(['dog.wav'])
  })

  test('a missing folder, a folder in the way and a file as folder are named', async () => {
    const missing = join(work, 'no/such/dog.wav')
    const error = await failure(clip().save(missing))
    expect(error.message).toBe(`cannot write ${missing}: its folder does not exist (ENOENT)`)
    expect(error.hint).toContain('create the folder')
    mkdirSync(join(work, 'folder'))
    expect((await failure(clip().save(join(work, 'folder')))).message).toContain('it is a folder')
    writeFileSync(join(work, 'file'), '')
    const below = await failure(clip().save(join(work, 'file/dog.wav')))
    expect(below.message).toContain('is a file, not a folder')
    await failure(checkWritable(missing))
    expect(readdirSync(work).sort()).toEqual(['file', 'folder'])
  })

  test.skipIf(process.getuid?.() === 0)('a folder without permission', async () => {
    chmodSync(work, 0o500)
    const error = await failure(clip().save(join(work, 'dog.wav')))
    chmodSync(work, 0o700)
    expect(error.message).toContain('permission denied')
  })

  test('a place where no file can be made', async () => {
    const error = await failure(clip().save('/proc/dog.wav'))
    expect(error.message).toContain('cannot write /proc/dog.wav')
  })

  test('a full disk', async () => {
    const error = await failure(clip().save('/dev/full'))
    expect(error.message).toBe('cannot write /dev/full: the disk is full (ENOSPC)')
    expect(error.hint).toContain('free some space')
  })

  test('a write that stops half way leaves the old file and nothing else', () => {
    compileLibrary()
    const path = join(work, 'dog.wav')
    writeFileSync(path, 'old')
    const script = `
      process.on('SIGXFSZ', () => {})
      const { writeFile } = require('node:fs/promises')
      require(${JSON.stringify(join(__dirname, '..', '..', 'dist', 'files', 'write-file.js'))})
        .writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(1 << 20))
        .catch((error) => console.log(error.code, error.message))`
    const output = execFileSync('bash', ['-c', 'ulimit -f 8; node -e "$0"', script]).toString()
    expect(output).toContain('OUTPUT_FAILED')
    expect(output).toContain('EFBIG')
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(work).filter((name) => name.includes('.tmp'))).toEqual([])
  })

  test('checkWritable leaves nothing and keeps what is there', async () => {
    const path = join(work, 'a.wav')
    await checkWritable(path)
    expect(readdirSync(work)).toEqual([])
    await writeFileAtomic(path, 'text')
    await checkWritable(path)
    expect(readFileSync(path, 'utf8')).toBe('text')
    expect(readdirSync(work)).toEqual(['a.wav'])
  })
})
