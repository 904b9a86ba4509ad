import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { readWav } from '../../lib/audio/wav-reader.js'
import { sound } from '../generate/sounds.js'
import { compileLibrary, runCli } from './run-cli.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-generate-sound-'))
const wide = join(work, 'wide.wav')
const narrow = join(work, 'narrow.wav')
const source = sound(0.64, 16_000)
beforeAll(() => {
  compileLibrary()
  writeFileSync(wide, encodeWav(source.samples, 16_000, 'float32'))
  writeFileSync(narrow, encodeWav(sound(0.64, 8_000).samples, 8_000))
})
afterAll(() => rmSync(work, { recursive: true }))

const device = ['--device', 'cpu', '--dtype', 'float32', '--threads', '2', '--seed', '5']

async function make(...args: string[]) {
  const out = join(work, 'out.wav')
  const run = await runCli([
    ...['generate', ...args, '--out', out, '--steps', '2', '--float', '--json', ...device],
  ])
  expect(run.stderr).not.toContain('error')
  expect(run.code).toBe(0)
  return { ...JSON.parse(run.stdout), samples: readWav(readFileSync(out)).channels[0] }
}

test('--audio-prompt with --candidates reports every similarity', async () => {
  const { files } = await make('--audio-prompt', wide, '--candidates', '2', '--duration', '0.2')
  const [{ prompt, seed, candidates }] = files
  expect(prompt).toBe('')
  expect(candidates.map((c: { seed: number }) => c.seed)).toEqual([5, 100_000_005])
  const [first, second] = candidates.map((c: { similarity: number }) => c.similarity)
  expect(seed).toBe(first >= second ? 5 : 100_000_005)
})

test('--inpaint keeps the rest of the file', async () => {
  const { samples, settings } = await make('birds', '--init', wide, '--inpaint', '0.2-0.3,0.5-.55')
  expect(settings.mask).toEqual({
    seconds: [
      [0.2, 0.3],
      [0.5, 0.55],
    ],
  })
  expect(samples).toHaveLength(10_240)
  const changed = [...samples.keys()].filter((i) => samples[i] !== source.samples[i])
  expect(changed[0]).toBeGreaterThanOrEqual(0.18 * 16_000)
  expect(changed.at(-1)).toBeLessThan(0.57 * 16_000)
  expect(changed.some((i) => i > 0.33 * 16_000 && i < 0.48 * 16_000)).toBe(false)
})

test('--init with --strength, and --super-resolution, make clips as long as the file', async () => {
  const transfer = await make('a choir', '--init', wide, '--strength', '0')
  expect(transfer.settings.init).toEqual({ audio: wide, strength: 0 })
  expect(transfer.timings.stepMs).toEqual([])
  expect(transfer.files[0].durationSeconds).toBe(0.64)
  const finer = await make('--super-resolution', narrow)
  expect(finer.settings.mask).toEqual({ hertz: [[4000, 1e6]] })
  expect(finer.samples).toHaveLength(10_240)
})

test.each([
  ['--inpaint', ['--init', wide, '--inpaint', '4.5-2']],
  ['--inpaint', ['--init', wide, '--inpaint', '2']],
  ['--inpaint', ['--inpaint', '1-2']],
  ['--strength', ['--init', wide, '--strength', '2']],
  ['--strength', ['--strength', '0.5']],
  ['--cutoff', ['--init', wide, '--cutoff', '4000']],
  ['--super-resolution', ['--init', wide, '--super-resolution', narrow]],
  ['--candidates', ['--candidates', '17']],
  ['--inpaint', ['--init', wide, '--inpaint', '0.5-2']],
  ['--super-resolution', ['--super-resolution', wide]],
  ['none.wav cannot be opened', ['--audio-prompt', join(work, 'none.wav')]],
])('refuses wrong %s', async (message, args) => {
  const out = join(work, 'never.wav')
  const run = await runCli(['generate', 'rain', ...args, '--out', out, '--json', ...device])
  expect(run.code).toBe(2)
  expect(JSON.parse(run.stdout).error.message).toContain(message)
})
