import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { DoctorReport } from '../../lib/doctor/doctor.js'
import { compileLibrary, runCli } from '../cli/run-cli.js'

let work: string
beforeAll(compileLibrary)
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'audioldm-doctor-'))
})
afterEach(() => rmSync(work, { recursive: true, force: true }))

async function report(env: NodeJS.ProcessEnv = {}): Promise<DoctorReport> {
  const { code, stdout, stderr } = await runCli(['doctor', '--json'], env)
  expect(code, stdout + stderr).toBe(0)
  return JSON.parse(stdout)
}

test('a working installation', async () => {
  const result = await report({ HF_HUB_CACHE: work })
  expect(result).toMatchObject({
    ok: true,
    node: { version: process.versions.node, problem: null },
    addon: { problem: null },
    libtorch: { problem: null },
    core: { loaded: true, problem: null },
    archives: { problem: null },
    models: { cacheDir: work, cached: [] },
  })
  expect(result.addon.cores).toContain(
    result.core.buildTorchVersion?.split('.').slice(0, 2).join('.'),
  )
  expect(result.archives.found).toContain('cnn14')
  expect(result.cpu.threads).toBeGreaterThan(0)
  if (!result.cuda.usable) expect(result.cuda.problem).toMatch(/\w/)
  const { stdout } = await runCli(['doctor'])
  expect(stdout).toContain('ready to generate')
})

test('a cached model is listed', async () => {
  const commit = 'd'.repeat(40)
  const snapshot = join(work, 'models--acme--dogs/snapshots', commit)
  mkdirSync(snapshot, { recursive: true })
  mkdirSync(join(work, 'models--acme--dogs/refs'))
  writeFileSync(join(work, 'models--acme--dogs/refs/main'), commit)
  writeFileSync(join(snapshot, 'model_index.json'), '{"_class_name": "AudioLDMPipeline"}')
  const { models } = await report({ HF_HUB_CACHE: work })
  expect(models.cached).toEqual([{ id: 'acme/dogs', path: snapshot }])
})

test('no libtorch: reported with the places looked at, no crash', async () => {
  const result = await report({ AUDIOLDM_LIBTORCH: work })
  expect(result.ok).toBe(false)
  expect(result.libtorch.problem).toContain('libtorch was not found')
  expect(result.libtorch.tried).toEqual([`AUDIOLDM_LIBTORCH: ${work}: no libtorch_cpu.so there`])
  expect(result.core.loaded).toBe(false)
  const { stdout } = await runCli(['doctor'], { AUDIOLDM_LIBTORCH: work })
  expect(stdout).toContain('not ready')
})

/** A library that is named as libtorch's and does what `body` says when it is opened. */
function fakeLibtorch(body: string): string {
  mkdirSync(join(work, 'lib'))
  const source = join(work, 'fake.c')
  writeFileSync(source, `__attribute__((constructor)) static void open_(void) { ${body} }\n`)
  execFileSync('cc', ['-shared', '-fPIC', '-o', join(work, 'lib/libtorch_cpu.so'), source])
  writeFileSync(join(work, 'build-version'), '2.13.0\n')
  return work
}

test('a library that crashes takes the probe down and not the doctor', async () => {
  const result = await report({ AUDIOLDM_LIBTORCH: fakeLibtorch('__builtin_trap();') })
  expect(result.ok).toBe(false)
  expect(result.core.problem).toMatch(/was killed by SIG(ILL|TRAP)/)
})

test('a library that is not libtorch, or no library at all', async () => {
  const result = await report({ AUDIOLDM_LIBTORCH: fakeLibtorch('') })
  expect(result.core.problem).toMatch(/undefined symbol|cannot be loaded/)
  writeFileSync(join(work, 'lib/libtorch_cpu.so'), 'text')
  const text = await report({ AUDIOLDM_LIBTORCH: work })
  expect(text.core.problem).toContain(join(work, 'lib/libtorch_cpu.so'))
})
