/** `generate` into FLAC and Opus, by name and by --format. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identify } from '../../lib/audio/audio-content.js'
import { decodeAudio } from '../../lib/audio/read.js'
import { compileLibrary, runCli } from './run-cli.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-format-'))
beforeAll(compileLibrary)
afterAll(() => rmSync(work, { recursive: true, force: true }))

const at = (...names: string[]) => join(work, ...names)
const quick = ['--steps', '1', '--duration', '0.2', '--seed', '7', '--device', 'cpu']

async function generate(...args: string[]) {
  const run = await runCli(['generate', ...args, ...quick, '--json'])
  return { ...run, result: JSON.parse(run.stdout) }
}

const decoded = (...names: string[]) => decodeAudio(readFileSync(at(...names)))

test('one clip, by the name of the file', async () => {
  for (const name of ['a.wav', 'a.flac', 'a.ogg']) {
    const { code, result, stderr } = await generate('a bell', '--out', at(name))
    expect(code, stderr).toBe(0)
    const rate = name === 'a.ogg' ? 48000 : 16000
    const [{ path, sampleRate, durationSeconds }] = result.files
    expect([path, sampleRate, durationSeconds]).toEqual([at(name), rate, 0.2])
    const file = { 'a.wav': 'wav', 'a.flac': 'flac', 'a.ogg': 'opus' }[name]
    expect(result.settings.file).toBe(file)
    expect(result.settings.format).toBe(name === 'a.ogg' ? undefined : 'pcm16')
    expect((await decoded(name)).channels[0]).toHaveLength(0.2 * rate)
  }
  expect(await decoded('a.flac')).toEqual(await decoded('a.wav'))
})

test('a folder, by --format, and what is missing of it', async () => {
  writeFileSync(at('list.txt'), 'rain\nwind\n')
  const list = ['--prompts', at('list.txt'), '--out', at('clips'), '--spectrogram', at('pictures')]
  const flac = await generate(...list, '--format', 'flac', '--bits', '24')
  expect(flac.code, flac.stderr).toBe(0)
  expect(readdirSync(at('clips'))).toEqual(['001-rain.flac', '002-wind.flac'])
  expect(flac.result.settings).toMatchObject({ file: 'flac', format: 'pcm24' })

  const taken = await generate(...list, '--format', 'flac')
  expect([taken.code, taken.result.error.message]).toEqual([
    2,
    `--out: ${at('clips', '001-rain.flac')} is there already, and so are 1 more of 2`,
  ])

  rmSync(at('clips', '002-wind.flac'))
  rmSync(at('pictures', '001-rain.png'))
  const skip = await generate(...list, '--format', 'flac', '--bits', '24', '--existing', 'skip')
  expect(skip.code, skip.stderr).toBe(0)
  expect(skip.result.files[0]).toEqual({ ...flac.result.files[0], skipped: true })
  expect(skip.result.files[1]).toEqual(flac.result.files[1])
  expect(readdirSync(at('pictures'))).toEqual(['001-rain.png', '002-wind.png'])

  const opus = ['--format', 'opus', '--bitrate', '32']
  const other = await generate(...list, ...opus, '--spectrogram', at('others'))
  expect(other.code, other.stderr).toBe(0)
  expect(other.result.settings).toMatchObject({ file: 'opus', bitrate: 32 })
  expect(readdirSync(at('clips')).filter((name) => name.endsWith('.opus'))).toHaveLength(2)
  const kept = await generate(...list, ...opus, '--existing', 'skip')
  expect(kept.result.files[0]).toMatchObject({
    ...{ durationSeconds: 0.2, sampleRate: 48000, skipped: true },
  })

  writeFileSync(at('clips', '001-rain.opus'), 'no sound')
  const broken = await generate(...list, ...opus, '--existing', 'skip')
  expect(broken.result.error.message).toContain('cannot be kept: it is text')
})

test('on stdout, and in a file with any other name', async () => {
  const { code, result } = await generate('a bell', '--format', 'flac', '--out', at('bell.bin'))
  expect([code, result.settings.file]).toEqual([0, 'flac'])
  expect(identify(readFileSync(at('bell.bin'))).kind).toBe('flac')
})

test.each([
  [['a.mp3'], '--out: .wav is what is written, not .mp3'],
  [['a.wav', '--format', 'flac'], '--out: .flac is what is written, not .wav'],
  [['a.wav', '--format', 'mp3'], "--format: expected wav, flac or opus, got 'mp3'"],
  [['a.flac', '--float'], '--float: is for WAV, and this is FLAC'],
  [['a.wav', '--float', '--bits', '24'], '--bits: excludes --float'],
  [['a.opus', '--bits', '24'], '--bits: excludes Opus'],
  [['a.wav', '--bits', '20'], "--bits: expected 16 or 24, got '20'"],
  [['a.flac', '--bitrate', '64'], '--bitrate: is for Opus, and this is FLAC'],
  [['a.ogg', '--bitrate', '5'], '--bitrate: expected a number from 6 to 256, got 5'],
])('%j is refused at once', async ([name, ...args], message) => {
  const { code, result } = await generate('a bell', '--out', at('refused', name), ...args)
  expect([code, result.error.message]).toEqual([2, message])
})
