/** `--super-resolution` of recordings at a rate above what is in them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readWav } from '../../lib/audio/wav-reader.js'
import { writeNarrow } from '../audio/narrow.js'
import { compileLibrary, runCli } from './run-cli.js'

const work = mkdtempSync(join(tmpdir(), 'audioldm-super-resolution-'))
const at = (name: string) => join(work, name)
beforeAll(() => {
  compileLibrary()
  writeNarrow(work, [
    ...[2000, 4000, 5500].map((band) => ({ name: `${band}.wav`, band })),
    { name: 'phone.wav', rate: 8000 },
    { name: 'full.wav' },
    { name: 'from-16k.wav', band: 8000 },
  ])
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

const device = ['--device', 'cpu', '--dtype', 'float32', '--threads', '2']

async function generate(...args: string[]) {
  const settings = ['--steps', '2', '--seed', '5', '--duration', '0.64', '--float', '--json']
  const run = await runCli(['generate', '--out', at('out.wav'), ...args, ...settings, ...device])
  return { ...run, result: JSON.parse(run.stdout) }
}

test.each([2000, 4000, 5500])('the end of a band of %i Hz is measured and told', async (band) => {
  const { code, stderr, result } = await generate('--super-resolution', at(`${band}.wav`))
  expect(code, stderr).toBe(0)
  const { cutoff, mask } = result.settings
  expect(cutoff / band).toBeGreaterThan(0.9)
  expect(cutoff / band).toBeLessThan(1.1)
  expect(mask).toEqual({ hertz: [[cutoff, 1e6]] })
  expect(stderr).toContain(`${band}.wav ends at ${cutoff} Hz (measured)`)
  if (band !== 4000) return
  // The same as if it had been given.
  const measured = readWav(readFileSync(at('out.wav'))).channels[0]
  const given = await generate('--super-resolution', at(`${band}.wav`), '--cutoff', String(cutoff))
  expect(given.result.settings).toEqual(result.settings)
  expect(given.stderr).not.toContain('ends at')
  expect(readWav(readFileSync(at('out.wav'))).channels[0]).toEqual(measured)
})

test('a full band at a low rate ends at half of that', async () => {
  const { code, stderr, result } = await generate('--super-resolution', at('phone.wav'))
  expect(code, stderr).toBe(0)
  expect(result.settings.cutoff).toBe(4000)
  expect(stderr).toContain('phone.wav ends at 4000 Hz (half its sampling rate)')
})

test.each(['full.wav', 'from-16k.wav'])('%s has all that the model makes', async (name) => {
  const { code, result } = await generate('--super-resolution', at(name))
  expect(code).toBe(2)
  const { message, hint } = result.error
  expect(message).toContain('--super-resolution: ')
  expect(message).toContain(`${name} has no edge below 8000 Hz`)
  expect(hint).toContain('--cutoff HERTZ')
})

test.each([
  [
    '--cutoff: expected less than the 8000 Hz',
    ['--super-resolution', '2000.wav', '--cutoff', '8000'],
  ],
  ['--cutoff: expected a number from 0', ['--super-resolution', '2000.wav', '--cutoff', '-1']],
  ['--cutoff: needs the sound', ['--init', '2000.wav', '--cutoff', '4000']],
  ['none.wav cannot be opened', ['--super-resolution', 'none.wav']],
  ['--inpaint: 0.5 … 2 s is not within', ['--init', '2000.wav', '--inpaint', '0.5-2']],
])('refused: %s', async (text, args) => {
  const given = args.map((arg) => (arg.endsWith('.wav') ? at(arg) : arg))
  const { code, result } = await generate('rain', ...given)
  expect(code).toBe(2)
  expect(result.error.message).toContain(text)
  expect(result.error.message).not.toContain('mask')
})
