import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scratch } from '../score/fixture.js'
import { compileLibrary, runCli } from './run-cli.js'

const work = scratch()
const at = (name: string) => join(work.path, name)

function writeRun(name: string, lines: unknown[], end = '\n'): string {
  mkdirSync(at(name), { recursive: true })
  const text = lines.map((line) => JSON.stringify(line)).join('\n')
  writeFileSync(join(at(name), 'metrics.jsonl'), text + end)
  return at(name)
}

beforeAll(compileLibrary)
afterAll(work.remove)

test('two runs in one picture, under the names that tell them apart', async () => {
  const lines = [
    { step: 1, loss: 0.9, learningRate: 1e-4 },
    { step: 2, loss: 0.7, learningRate: 1e-4 },
    { step: 2, validationLoss: 0.8, metrics: { fd: 12 } },
    { step: 3, loss: 0.6, learningRate: 1e-4 },
  ]
  const runs = [writeRun('a/run', lines), writeRun('b/run', lines.slice(0, 2), '\n{"step":')]
  const { code, stdout } = await runCli(['curve', ...runs, '-o', at('both.svg'), '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    path: at('both.svg'),
    runs: [
      {
        ...{ name: 'a/run', path: join(runs[0], 'metrics.jsonl'), steps: 3 },
        ...{ loss: 0.6, validationLoss: 0.8, metrics: { fd: 12 } },
      },
      { name: 'b/run', path: join(runs[1], 'metrics.jsonl'), steps: 2, loss: 0.7 },
    ],
  })
  const svg = readFileSync(at('both.svg'), 'utf8')
  for (const text of ['>a/run<', '>b/run<', '>FD, lower is better<']) expect(svg).toContain(text)
})

test('what cannot be drawn is named', async () => {
  const run = writeRun('good', [{ step: 1, loss: 1 }])
  const refused = async (...args: string[]) => {
    const { code, stdout } = await runCli(['curve', ...args, '--json'])
    expect(code).toBe(2)
    return JSON.parse(stdout).error.message as string
  }
  expect(await refused(run, '-o', at('a.png'))).toMatch(/^--out: the picture is an \.svg file/)
  expect(await refused(at('none'), '-o', at('a.svg'))).toMatch(/^RUNS: there is no folder/)
  expect(await refused(work.path, '-o', at('a.svg'))).toMatch(/^RUNS: .* has no metrics\.jsonl$/)
  expect(await refused(writeRun('empty', []), '-o', at('a.svg'))).toMatch(/has no lines yet$/)
  const broken = writeRun('broken', ['x', { step: 1 }])
  expect(await refused(broken, '-o', at('a.svg'))).toMatch(/^RUNS: .*metrics\.jsonl: line 1 is not/)
  expect(existsSync(at('a.svg'))).toBe(false)
})
