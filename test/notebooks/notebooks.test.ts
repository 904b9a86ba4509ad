/** The notebooks, executed as they are by the kernel that people use: tslab's, through Jupyter. */
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { python, pythonEnv } from '../python/run.js'
import { coloursOf, parseWav } from './media.js'

const root = join(__dirname, '..', '..')
const source = join(root, 'notebooks')
const folder = mkdtempSync(join(tmpdir(), 'audioldm-notebooks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Output {
  output_type: string
  name?: string
  text?: string
  data?: Record<string, string | string[]>
}

interface Cell {
  cell_type: 'code' | 'markdown'
  source: string | string[]
  execution_count?: number | null
  outputs: Output[]
}

const names = readdirSync(source).filter((name) => name.endsWith('.ipynb'))
const textOf = (text: string | string[]) => (Array.isArray(text) ? text.join('') : text)

beforeAll(() => {
  for (const name of names) cpSync(join(source, name), join(folder, name))
  symlinkSync(join(source, 'node_modules'), join(folder, 'node_modules'))
  const kernel = join(folder, 'jupyter', 'kernels', 'tslab')
  mkdirSync(kernel, { recursive: true })
  const tslab = join(source, 'node_modules', 'tslab', 'bin', 'tslab')
  const argv = [process.execPath, tslab, 'kernel', '--config-path={connection_file}']
  const spec = { argv, display_name: 'TypeScript', language: 'typescript' }
  writeFileSync(join(kernel, 'kernel.json'), JSON.stringify(spec))
})

/** What every code cell put out, in order. */
async function execute(name: string): Promise<Output[][]> {
  const env = {
    ...pythonEnv(),
    JUPYTER_PATH: join(folder, 'jupyter'),
    JUPYTER_CONFIG_DIR: join(folder, 'config'),
    JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
    AUDIOLDM_CACHE: join(folder, 'cache'),
  }
  const child = spawn(python, [join(__dirname, 'execute.py'), join(folder, name)], { env })
  const [out, err]: Buffer[][] = [[], []]
  child.stdout.on('data', (data) => out.push(data))
  child.stderr.on('data', (data) => err.push(data))
  const status = await new Promise((resolve) => child.on('close', resolve))
  expect(status, Buffer.concat(err).toString().slice(-4000)).toBe(0)
  const { cells } = JSON.parse(Buffer.concat(out).toString()) as { cells: Cell[] }
  return cells.filter(({ cell_type }) => cell_type === 'code').map(({ outputs }) => outputs)
}

/** What people see and hear of an output; media that cannot be decoded fail. */
async function kindsOf({ data = {} }: Output): Promise<string[]> {
  const html = textOf(data['text/html'] ?? '')
  const kinds: string[] = []
  for (const [, base64] of html.matchAll(/<audio[^>]* src="data:audio\/wav;base64,([^"]+)"/g)) {
    expect(parseWav(base64)).toBeGreaterThan(0.5)
    kinds.push('audio')
  }
  const pngs = [...html.matchAll(/<img[^>]* src="data:image\/png;base64,([^"]+)"/g)].map(
    ([, d]) => d,
  )
  if (data['image/png']) pngs.push(textOf(data['image/png']))
  for (const png of pngs) {
    expect(await coloursOf(png)).toBeGreaterThan(20)
    kinds.push('picture')
  }
  for (const [, svg] of html.matchAll(/<img[^>]* src="data:image\/svg\+xml;base64,([^"]+)"/g)) {
    expect(Buffer.from(svg, 'base64').toString()).toMatch(
      /^<svg [\s\S]*class="line[\s\S]*<\/svg>\s*$/,
    )
    kinds.push('curve')
  }
  for (const [table] of html.matchAll(/<table>[\s\S]*?<\/table>/g)) {
    expect(table.match(/<tr>/g)?.length).toBeGreaterThan(1)
    kinds.push('table')
  }
  if (kinds.length === 0) kinds.push(/>done · /.test(html) ? 'progress' : 'text')
  return kinds
}

const audio = ['picture', 'audio'].sort()
/** By cell, without what the order in one output says nothing of. */
const expected: Record<string, string[][]> = {
  'first-sound.ipynb': [
    ['stdout'],
    ['progress'],
    audio,
    ['picture'],
    ['stdout'],
    ['progress', ...audio, ...audio],
    ['text', 'stdout'],
    [],
  ],
  'score.ipynb': [
    ['progress', 'text'],
    ['progress'],
    ['progress', 'table', 'table'],
    ['progress', 'progress', 'table'],
    [],
  ],
  'fine-tune.ipynb': [
    ['progress'],
    [],
    ['curve', ...audio],
    ['table', 'curve'],
    [...audio, ...audio],
  ],
  'study.ipynb': [
    ['progress'],
    ['progress', 'table', 'table'],
    ['progress', 'progress', 'table', 'table', 'table', 'curve'],
    ['stdout'],
  ],
}

const count = (kinds: string[]) =>
  Object.fromEntries(
    [...new Set(kinds)].sort().map((kind) => [kind, kinds.filter((k) => k === kind).length]),
  )

test('there is a notebook for every expectation, and none beside', () => {
  expect(names.sort()).toEqual(Object.keys(expected).sort())
})

describe.each(names)('%s', (name) => {
  test('is kept without outputs, for the TypeScript kernel', () => {
    const { cells, metadata } = JSON.parse(readFileSync(join(source, name), 'utf8'))
    expect(metadata.kernelspec.name).toBe('tslab')
    for (const { cell_type, outputs, execution_count } of cells as Cell[]) {
      if (cell_type === 'code')
        expect({ outputs, execution_count }).toEqual({ outputs: [], execution_count: null })
    }
  })

  test('runs, and shows what it should', { timeout: 1_800_000 }, async () => {
    const cells = await execute(name)
    const shown: string[][] = []
    for (const outputs of cells) {
      // What is printed may come in several pieces.
      const printed = new Set(outputs.flatMap(({ name }) => name ?? []))
      const others = outputs.filter(({ name }) => name === undefined)
      shown.push([...printed, ...(await Promise.all(others.map(kindsOf))).flat()])
    }
    expect(shown.map(count)).toEqual(expected[name].map(count))
  })
})

test('what the notebooks leave on the disk', () => {
  expect(statSync(join(folder, 'out', 'first-sound.wav')).size).toBe(44 + 2 * 2 * 16000)
  for (const page of ['score.html', join('study', 'report.html')]) {
    expect(existsSync(join(folder, 'out', page))).toBe(true)
  }
})
