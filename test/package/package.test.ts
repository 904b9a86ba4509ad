import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as programs from './programs.js'
import { Project, root } from './tarball.js'

const release = '/etc/os-release'
const isBookworm = existsSync(release) && readFileSync(release, 'utf8').includes('bookworm')
let project: Project

beforeAll(() => {
  // TypeScript 5.0 is what tslab has; it comes without a newer one's types for Node.
  project = new Project(['typescript@5.0.4', '@types/node@20'])
}, 300_000)

afterAll(() => project?.remove())

function expectWav(name: string, samples: number) {
  const wav = readFileSync(join(project.folder, name))
  expect(wav.toString('latin1', 0, 4)).toBe('RIFF')
  expect(wav.length).toBe(44 + 2 * samples)
}

describe('the tarball', () => {
  test('has what runs and what builds, and no tests', () => {
    const { files, size, unpackedSize } = project.packed
    console.log(`tarball: ${megabytes(size)} packed, ${megabytes(unpackedSize)} unpacked`)
    for (const file of [
      ...['README.md', 'LICENSE', 'CHANGELOG.md', 'docs/architecture.md'],
      ...['dist/index.js', 'dist/index.mjs', 'dist/index.d.ts', 'dist/index.d.mts'],
      ...['dist/page/index.html', 'dist/page/page.js', 'dist/page/LICENSE.wavesurfer.txt'],
      ...['archives/unet.pt', 'models/default/model_index.json'],
      ...['prebuilds/linux-x64/audioldm.glibc.node', 'native/core/binding/core.cc'],
      ...['native/loader/loader.cc', 'cmake/FindLibtorch.cmake', 'binding.gyp'],
    ]) {
      expect(files).toContain(file)
    }
    expect(files.some((file) => /^prebuilds\/linux-x64\/libaudioldm_core-.*\.so$/.test(file))).toBe(
      true,
    )
    const strays = files.filter((file) => /\.test\.|(^|\/)(tests?|bench|export|\.\w+)\//.test(file))
    expect(strays).toEqual([])
    const models = files.filter((file) => /^models\/(?!README\.md$|default\/)/.test(file))
    expect(models).toEqual([])
    expect(size).toBeLessThan(45e6)
  })

  test('names no folder of the machine that built it', () => {
    const secrets = [root, homedir()].filter((path) => path.length > 1)
    const leaks = project.packed.files.filter((file) => {
      const bytes = readFileSync(join(project.installed, file))
      return secrets.some((secret) => bytes.includes(`${secret}/`))
    })
    expect(leaks).toEqual([])
  })

  // A binary needs what it was linked on; the documentation names what Debian 12 makes.
  test.runIf(isBookworm)('needs the C and C++ libraries that the documentation names', () => {
    const folder = join(project.installed, 'prebuilds', 'linux-x64')
    const files = readdirSync(folder).map((name) => join(folder, name))
    const wanted = execFileSync('readelf', ['--version-info', '--wide', ...files]).toString()
    const named = readFileSync(join(project.installed, 'docs', 'portability.md'), 'utf8')
    for (const library of ['GLIBC', 'GLIBCXX']) {
      const versions = [...wanted.matchAll(new RegExp(`Name: ${library}_([\\d.]+)`, 'g'))]
      const newest = versions
        .map(([, version]) => version)
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .at(-1)
      expect(named).toContain(`${library}_${newest}`)
    }
  })

  test('runs no script when it is installed', () => {
    const { scripts } = JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8'))
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(scripts).not.toHaveProperty(name)
    }
  })

  test('satisfies publint', () => {
    const publint = join(root, 'node_modules', '.bin', 'publint')
    const { status, stdout } = project.run(publint, [project.installed, '--strict', '--pack=false'])
    expect(status, stdout).toBe(0)
  })
})

describe('a program that uses it', () => {
  test.each([
    ['an ES module', 'esm.mjs', programs.esm],
    ['CommonJS', 'common.cjs', programs.commonJs],
  ])('as %s makes sound', (_, file, text) => {
    project.write(file, text)
    const { status, stdout, stderr } = project.run('node', [file, `${file}.wav`])
    expect(status, stderr).toBe(0)
    const { shape, types, first } = JSON.parse(stdout)
    expect(shape).toEqual([8000])
    expect(types).toEqual(['audio', 'clip', 'step'])
    expect(Number.isFinite(first)).toBe(true)
    expectWav(`${file}.wav`, 8000)
  })

  test('by import and require at once has one copy of it', () => {
    project.write('mixed.mjs', programs.mixed)
    const { status, stdout, stderr } = project.run('node', ['mixed.mjs'])
    expect(status, stderr).toBe(0)
    expect(stdout.trim()).toBe('one copy')
  })

  test('in TypeScript 5.0 with Node10 resolution compiles, declarations checked, and runs', () => {
    project.write('old/main.ts', programs.typed)
    const compiler = join('node_modules', 'typescript', 'bin', 'tsc')
    const flags = ['--strict', '--target', 'es2022', '--module', 'commonjs']
    flags.push('--moduleResolution', 'node10', '--skipLibCheck', 'false', '--types', 'node')
    const compiled = project.run('node', [compiler, ...flags, 'old/main.ts'])
    expect(compiled.stdout).toBe('')
    expect(compiled.status).toBe(0)
    const { stdout, stderr } = project.run('node', ['old/main.js'])
    expect(stdout.trim(), stderr).toBe('INVALID_OPTION 16000 800 7n')
  })

  test.each(['mts', 'cts'])('in TypeScript with Node16 resolution compiles as .%s', (extension) => {
    project.write(`new/main.${extension}`, programs.typed)
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const flags = ['--strict', '--target', 'es2022', '--module', 'node16', '--noEmit']
    const compiled = project.run('node', [
      compiler,
      ...flags,
      ...['--lib', 'es2022,esnext.disposable', '--skipLibCheck', 'false', '--types', 'node'],
      `new/main.${extension}`,
    ])
    expect(compiled.stdout).toBe('')
    expect(compiled.status).toBe(0)
  })
})

describe('its command', () => {
  test('doctor finds the prebuilt addon ready', () => {
    const { status, stdout, stderr } = project.run('npx', ['audioldm', 'doctor', '--json'])
    expect(status, stderr).toBe(0)
    const report = JSON.parse(stdout)
    expect(report.ok, stdout).toBe(true)
    expect(report.addon.path).toBe(
      join(project.installed, 'prebuilds', 'linux-x64', 'audioldm.glibc.node'),
    )
    expect(report.libtorch.source).toBe('AUDIOLDM_LIBTORCH')
  })

  test('generate writes a sound file and prints one JSON document', () => {
    const { status, stdout, stderr } = project.run('npx', [
      ...['audioldm', 'generate', 'a dog', '--duration', '0.5', '--steps', '2', '--device', 'cpu'],
      ...['--threads', '1', '--seed', '7', '--out', 'cli.wav', '--json'],
    ])
    expect(status, stderr).toBe(0)
    const { files } = JSON.parse(stdout)
    expect(files).toMatchObject([{ path: 'cli.wav', seed: 7, durationSeconds: 0.5 }])
    expectWav('cli.wav', 8000)
  })

  test('says what to do where there is no libtorch', () => {
    const { status, stdout } = project.run('npx', ['audioldm', 'doctor', '--json'], {
      AUDIOLDM_LIBTORCH: join(project.folder, 'nowhere'),
    })
    expect(status).toBe(0)
    const report = JSON.parse(stdout)
    expect(report.ok).toBe(false)
    expect(report.libtorch.problem).toContain('pip install torch==2.13.0')
  })
})

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
