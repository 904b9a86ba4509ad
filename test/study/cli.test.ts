import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StudyResults } from '../../lib/study/results.js'
import { cli, compileLibrary, runCli, start } from '../cli/run-cli.js'
import { narrowWeights } from '../score/fixture.js'
import { scratch, writeEsc50 } from './fixture.js'

const work = scratch()
afterAll(work.remove)

const minutes = 10 * 60_000

function flags(out: string): string[] {
  const { panns, vggish } = narrowWeights()
  return [
    ...['--dataset', `esc50:${work.in('esc50')}`, '--out', work.in(out), '--conditions', 'text'],
    ...['--steps', '2', '--duration', '0.64', '--bootstrap', '0', '--panns', panns],
    ...['--vggish', vggish, '--cache-dir', work.in('features'), '--device', 'cpu'],
    ...['--threads', '1', '--json'],
  ]
}

beforeAll(() => {
  compileLibrary()
  writeEsc50(work.in('esc50'), 5, 2)
})

const clipsOf = (out: string) => {
  const cells = work.in(out, 'cells')
  if (!existsSync(cells)) return []
  return readdirSync(cells).flatMap((cell) => {
    const folder = join(cells, cell, 'clips')
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
  })
}

test('killed in a cell and started again, clips are kept and numbers are equal', {
  timeout: minutes,
}, async () => {
  const whole = await runCli(['study', 'baseline', ...flags('whole')])
  expect(whole.code).toBe(0)
  const { cells }: StudyResults = JSON.parse(whole.stdout)
  expect(whole.stderr).toContain('baseline, dataset esc50, condition text: finished')

  const [child, ended] = start(['study', 'baseline', ...flags('killed')])
  const finished = () => clipsOf('killed').filter((path) => !path.includes('/.'))
  while (finished().length < 3 && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGKILL')
  expect((await ended).signal).toBe('SIGKILL')
  const kept = new Map(finished().map((path) => [path, statSync(path).mtimeMs]))
  expect(kept.size).toBeLessThan(10)

  const again = await runCli(['study', 'baseline', ...flags('killed')])
  expect(again.code).toBe(0)
  for (const [path, time] of kept) expect(statSync(path).mtimeMs).toBe(time)
  const [cell] = (JSON.parse(again.stdout) as StudyResults).cells
  expect(cell.key).toBe(cells[0].key)
  expect(cell.score.metrics).toEqual(cells[0].score.metrics)

  const third = await runCli(['study', 'baseline', ...flags('killed').slice(0, -1)])
  expect(third.stderr).toContain('condition text: found')
  expect(third.stdout).toMatch(
    /^study +dataset +condition +fd +fad +is +kl +clips\nbaseline +esc50 +text/,
  )
})

test('a folder of another system is a row', async () => {
  const list = JSON.parse(readFileSync(work.in('whole', 'lists', 'esc50.json'), 'utf8'))
  expect(list.items).toHaveLength(10)
  const references = work.in('whole', 'references', 'esc50')
  const run = await runCli(['study', 'system', 'Perfect', references, ...flags('whole')])
  expect(run.code).toBe(0)
  const { cells }: StudyResults = JSON.parse(run.stdout)
  expect(cells.map(({ labels }) => labels)).toEqual([
    { dataset: 'esc50', condition: 'text' },
    { dataset: 'esc50', system: 'Perfect' },
  ])
  expect(cells[1].score.metrics.fd).toBeCloseTo(0, 6)
})

test('a disk that takes no clip more is one error, and the study goes on later', {
  timeout: minutes,
}, async () => {
  // References have 16 kB, clips 20: the limit of a file's size stands for that of the disk.
  const args = ['study', 'baseline', ...flags('full')]
  const limited = ['-c', 'ulimit -f 18; exec "$0" "$@"', process.execPath, cli, ...args]
  const failed = spawnSync('bash', limited, { encoding: 'utf8' })
  expect(JSON.parse(failed.stdout).error).toMatchObject({
    code: 'OUTPUT_FAILED',
    message: expect.stringMatching(
      /^cannot write .*clips.*wav: the file would exceed the size limit/,
    ),
  })
  expect(failed.status).toBe(1)
  expect(clipsOf('full')).toEqual([])
  const later = await runCli(args)
  expect(later.code).toBe(0)
  const whole = JSON.parse(readFileSync(work.in('whole', 'results.json'), 'utf8')).cells[0]
  expect(JSON.parse(later.stdout).cells[0].score.metrics).toEqual(whole.score.metrics)
})

test('wrong usage is told by the names of flags', async () => {
  const cases: [string[], string][] = [
    [['study'], 'a study is missing'],
    [['study', 'everything'], "unknown study 'everything'"],
    [['study', 'baseline'], "required option '--out <dir>' not specified"],
    [['study', 'baseline', '--out', 'x'], '--dataset: expected a list of data sets'],
    [['study', 'fine-tuning', ...flags('x')], '--training-steps: is needed'],
    [
      ['study', 'baseline', ...flags('x'), '--list', 'none.json'],
      '--list[0]: none.json there is no',
    ],
    [
      ['study', 'baseline', ...flags('x'), '--conditions', 'smell'],
      '--conditions: expected text or audio',
    ],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await runCli(args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  }
})
