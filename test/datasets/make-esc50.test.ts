import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkDataset } from '../../lib/datasets/check.js'
import { esc50 } from '../../lib/datasets/esc50.js'
import { compileLibrary } from '../cli/run-cli.js'
import { scratch } from './fixture.js'

const work = scratch()
beforeAll(compileLibrary)
afterAll(work.remove)

const program = join(__dirname, '..', '..', 'bench', 'make-esc50.mjs')

function make(name: string, ...options: string[]): string {
  const out = join(work.path, name)
  execFileSync(process.execPath, [program, '--out', out, '--seconds', '0.3', ...options])
  return out
}

test('the layout of ESC-50, of every kind of sound', async () => {
  const folder = make('all', '--classes', '50', '--clips', '2')
  const report = await checkDataset(esc50(folder))
  expect(report).toMatchObject({
    ...{ clips: 100, problems: [], silent: [], duplicates: [] },
    clipsByFold: { 1: 50, 2: 50 },
    sampleRates: { 44100: 100 },
    channels: { 1: 100 },
    seconds: { shortest: 0.3, longest: 0.3 },
  })
  expect(Object.keys(report.labels)).toHaveLength(50)
  expect(Object.keys(report.labels)).toContain('very low falling chirp')
  const [header, first] = readFileSync(join(folder, 'meta', 'esc50.csv'), 'utf8').split('\n')
  expect(header).toBe('filename,fold,target,category,esc10,src_file,take')
  expect(first).toBe('1-100000-A-0.wav,1,0,middle_pure_tone,True,100000,A')
})

test('the same sounds again, also among more; others with another seed', () => {
  const few = make('few', '--classes', '3', '--clips', '2')
  const more = make('more', '--classes', '5', '--clips', '4')
  const other = make('other', '--classes', '3', '--clips', '2', '--seed', '2')
  const names = readdirSync(join(few, 'audio'))
  expect(names).toHaveLength(6)
  for (const name of names) {
    const bytes = readFileSync(join(few, 'audio', name))
    expect(bytes.equals(readFileSync(join(more, 'audio', name)))).toBe(true)
    expect(bytes.equals(readFileSync(join(other, 'audio', name)))).toBe(false)
  }
})
