import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { DeviceUnavailableError, NativeLoadError } from '../../lib/errors.js'
import { loadModel } from '../../lib/model/model.js'
import { findLibtorch } from '../../lib/native/libtorch.js'
import { loadNative } from '../../lib/native/load.js'
import { compileLibrary } from '../cli/run-cli.js'
import { tinyModel } from '../models'
import { scratchFolder } from './model-copy.js'
import { copyPackage } from './package-copy.js'

const scratch = scratchFolder()
const cpu = { device: 'cpu', dtype: 'float32', threads: 1 } as const

/** A folder that passes for libtorch 2.9 until it is looked into. */
function oldLibtorch(): string {
  const folder = join(scratch, 'libtorch-2.9')
  mkdirSync(join(folder, 'lib'), { recursive: true })
  writeFileSync(join(folder, 'lib', 'libtorch_cpu.so'), '')
  writeFileSync(join(folder, 'build-version'), '2.9.1+cpu\n')
  return folder
}

const failure = (loading: Promise<unknown>) =>
  loading.then(
    () => new Error('it was loaded'),
    (error) => error,
  )

describe('loadModel', () => {
  // In this order: a process that has loaded a libtorch keeps it.
  test('with a libtorch of another version', async () => {
    const libtorchPath = oldLibtorch()
    const error = await failure(loadModel(tinyModel, { ...cpu, libtorchPath }))
    expect(error).toBeInstanceOf(NativeLoadError)
    expect(error.code).toBe('LIBTORCH_VERSION')
    expect(error.message).toContain(libtorchPath)
    expect(error.message).toContain('libtorch 2.9.1+cpu, but libtorch 2.13.x is needed')
    expect(error.hint).toContain('pip install torch==2.13.0')
  })

  test('with a libtorchPath where there is none', async () => {
    const error = await failure(loadModel(tinyModel, { ...cpu, libtorchPath: scratch }))
    expect(error.code).toBe('LIBTORCH_NOT_FOUND')
    expect(error.message).toContain(`option libtorchPath: ${scratch}: no libtorch_cpu.so there`)
  })

  test('on CUDA where there is none', async () => {
    // The first to load: it wants CUDA, so the reason is the machine's, not ours.
    const error = await failure(loadModel(tinyModel, { device: 'cuda:99' }))
    expect(error).toBeInstanceOf(DeviceUnavailableError)
    expect(error.code).toBe('DEVICE_UNAVAILABLE')
    expect(error.message).toMatch(/^device 'cuda:99' cannot be used: ./)
    expect(error.hint).toContain("device 'auto' or 'cpu'")
    if (loadNative().core.cudaDeviceCount() > 0) return
    const plain = await failure(loadModel(tinyModel, { device: 'cuda' }))
    expect(plain.message).toMatch(
      /^device 'cuda' cannot be used: (no NVIDIA driver|libtorch .* has no CUDA half|libtorch sees)/,
    )
  })

  test('with another libtorch than the one that is loaded', async () => {
    const error = await failure(loadModel(tinyModel, { ...cpu, libtorchPath: oldLibtorch() }))
    expect(error.code).toBe('ADDON_LOAD_FAILED')
    expect(error.message).toContain(loadNative().libtorch.libDir)
    const { root } = loadNative().libtorch
    const model = await loadModel(tinyModel, { ...cpu, libtorchPath: root })
    await model.dispose()
  })
})

describe('the command line in a broken installation', () => {
  const libtorch = findLibtorch().root
  beforeAll(compileLibrary)

  /** Generates with the package in `home` and nothing of this environment but `env`. */
  async function generate(home: string, env: NodeJS.ProcessEnv) {
    const work = join(home, 'work')
    mkdirSync(work, { recursive: true })
    const out = join(work, 'out.wav')
    const args = ['generate', 'a dog', '--out', out, '--steps', '1', '--duration', '0.1', '--json']
    const child = spawn(process.execPath, [join(home, 'dist/cli/main.js'), ...args], {
      cwd: work,
      env: { PATH: process.env.PATH, HOME: work, ...env },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    const { error } = JSON.parse(stdout)
    if (error) {
      expect(readdirSync(work)).toEqual([])
      expect(stderr).toContain(error.message)
    }
    return { code, error, out }
  }

  test('that is whole generates: the cases below fail for their own reason', async () => {
    const home = copyPackage(join(scratch, 'whole'))
    const { code, error, out } = await generate(home, { AUDIOLDM_LIBTORCH: libtorch })
    expect([code, error]).toEqual([0, undefined])
    expect(existsSync(out)).toBe(true)
  })

  test('no libtorch', async () => {
    const { code, error } = await generate(copyPackage(join(scratch, 'no-libtorch')), {})
    expect(code).toBe(1)
    expect(error.code).toBe('LIBTORCH_NOT_FOUND')
    for (const place of ['.venv', '.cache/audioldm/libtorch', '/opt/libtorch']) {
      expect(error.message).toContain(place)
    }
    expect(error.hint).toContain('pip install torch==2.13.0')
  })

  test('libtorch of another version', async () => {
    const home = copyPackage(join(scratch, 'old-libtorch'))
    const { code, error } = await generate(home, { AUDIOLDM_LIBTORCH: oldLibtorch() })
    expect([code, error.code]).toEqual([1, 'LIBTORCH_VERSION'])
    expect(error.message).toContain('2.9.1')
  })

  test('no addon', async () => {
    const home = copyPackage(join(scratch, 'no-addon'))
    rmSync(join(home, 'build'))
    const { code, error } = await generate(home, { AUDIOLDM_LIBTORCH: libtorch })
    expect([code, error.code]).toEqual([1, 'ADDON_NOT_BUILT'])
    expect(error.message).toContain(home)
    expect(error.hint).toContain('npm run setup')
  })

  const damages: [string, (path: string) => void][] = [
    ['missing', (path) => rmSync(path)],
    ['empty', (path) => writeFileSync(path, '')],
    ['truncated', (path) => writeFileSync(path, readFileSync(path).subarray(0, 20_000))],
    ['garbage', (path) => writeFileSync(path, Buffer.alloc(50_000, 'archive'))],
    [
      'flipped inside',
      (path) => {
        const bytes = readFileSync(path)
        bytes.fill(0x55, bytes.length >> 1, (bytes.length >> 1) + 2000)
        writeFileSync(path, bytes)
      },
    ],
  ]

  test.each(damages)('an archive that is %s', async (what, damage) => {
    const home = copyPackage(join(scratch, `archive-${what}`))
    const folder = join(home, 'archives')
    for (const name of readdirSync(folder)) if (name.endsWith('.graph')) rmSync(join(folder, name))
    const path = join(folder, 'vocoder.pt')
    damage(path)
    const { code, error } = await generate(home, { AUDIOLDM_LIBTORCH: libtorch })
    expect([code, error.code]).toEqual([
      1,
      what === 'missing' ? 'ADDON_NOT_BUILT' : 'ENGINE_FAILED',
    ])
    expect(error.message).toContain(path)
    expect(error.message).not.toContain('frame #')
    expect(error.hint).toContain('npm run setup')
  })
  test.each(damages.slice(1))('a graph that is %s', async (what, damage) => {
    const home = copyPackage(join(scratch, `graph-${what}`))
    const folder = join(home, 'archives')
    const graphs = readdirSync(folder).filter((name) => /^vocoder-.*\.graph$/.test(name))
    for (const name of graphs) damage(join(folder, name))
    const { code, error } = await generate(home, { AUDIOLDM_LIBTORCH: libtorch })
    expect([code, error.code]).toEqual([1, 'ENGINE_FAILED'])
    expect(error.message).toContain(`the graph ${join(folder, 'vocoder-')}`)
    expect(error.message).toContain('is damaged')
    expect(error.hint).toContain('npm run setup')
  })
})
