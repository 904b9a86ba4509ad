/** What Electron asks of native code: Node-API alone, and no memory of its own in JavaScript's hands. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { findLibtorch } from '../../lib/native/libtorch.js'
import { findLoader, listCores } from '../../lib/native/load.js'
import { compileLibrary } from '../cli/run-cli.js'
import { root, runNode } from './app.js'

beforeAll(compileLibrary, 600_000)

const loader = findLoader()
const cores = [...listCores(dirname(loader)).values()].map((name) => join(dirname(loader), name))
// The package has no types.
const { js_native_api_symbols, node_api_symbols } = createRequire(__filename)('node-api-headers')
  .symbols.v9 as Record<string, string[]>
const allowed = new Set([...js_native_api_symbols, ...node_api_symbols])

/** Names that a library cannot do without, which others have, and in which version. */
function wanted(path: string): { name: string; version: string }[] {
  const lines = execFileSync('nm', ['-D', '--undefined-only', path], { encoding: 'utf8' })
    .trim()
    .split('\n')
  // A weak one (w) may be missing everywhere.
  const needed = lines.filter((line) => !/ w /.test(line))
  return needed.map((line) => {
    const [name, version = ''] = (line.trim().split(/\s+/).pop() as string).split('@')
    return { name, version }
  })
}

/** Names that a library has for others. */
function given(path: string): Set<string> {
  const text = execFileSync('nm', ['-D', '--defined-only', path], {
    encoding: 'utf8',
    maxBuffer: 1 << 29,
  })
  return new Set(text.split('\n').map((line) => (line.split(' ').pop() as string).split('@')[0]))
}

const isSystem = ({ name, version }: { name: string; version: string }) =>
  /^(GLIBC|GLIBCXX|CXXABI|GCC|GOMP|OMP)_/.test(version) || /^(_ITM_|__gmon_start__)/.test(name)
const isNodeApi = ({ name }: { name: string }) => /^(napi|node_api)_/.test(name)

describe('symbols', () => {
  test('the loader expects Node-API of version 9 at most, the C and C++ libraries, and nothing else', () => {
    const others = wanted(loader).filter((symbol) => !isSystem(symbol))
    expect(others.filter((symbol) => !isNodeApi(symbol))).toEqual([])
    expect(others.map(({ name }) => name).filter((name) => !allowed.has(name))).toEqual([])
    expect(others.length).toBeGreaterThan(10)
  })

  test.each(cores)('the core %s besides expects libtorch alone', (core) => {
    const { libDir } = findLibtorch()
    const torch = ['libtorch_cpu.so', 'libc10.so'].map((name) => given(join(libDir, name)))
    const others = wanted(core).filter((symbol) => !isSystem(symbol))
    expect(others.filter(isNodeApi).length).toBeGreaterThan(20)
    expect(others.filter((symbol) => isNodeApi(symbol) && !allowed.has(symbol.name))).toEqual([])
    const strange = others.filter(
      (symbol) => !isNodeApi(symbol) && !torch.some((names) => names.has(symbol.name)),
    )
    expect(strange).toEqual([])
  })

  test('no memory of ours becomes an ArrayBuffer, a Buffer or a string of JavaScript', () => {
    for (const path of [loader, ...cores]) {
      const external = wanted(path).filter(({ name }) => /_create_external/.test(name))
      expect(external).toEqual([])
    }
  })

  test('there is nothing else to load', () => {
    const natives = readdirSync(dirname(loader)).filter((name) => /\.(node|so)$/.test(name))
    expect(natives.length).toBe(1 + cores.length)
  })
})

test('it loads in one worker after the other, and again where it was forgotten', {
  timeout: 900_000,
}, async () => {
  const script = join(__dirname, 'scripts', 'reload.cjs')
  const model = join(root, 'models', 'random-tiny')
  const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' }
  const ended = await runNode([script, join(root, 'dist'), model, '8'], { cwd: root, env })
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  const peaks = JSON.parse(ended.stdout) as number[]
  expect(peaks).toHaveLength(16)
  expect(new Set(peaks).size).toBe(1)
  expect(peaks[0]).toBeGreaterThan(0)
})
