/** The example's engine from inside an archive, in a process that may do little. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listPackage, statFile } from '@electron/asar'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findLibtorch } from '../../lib/native/libtorch.js'
import { compileLibrary } from '../cli/run-cli.js'
import { tone } from '../study/fixture.js'
import { layOut, mount, pack, runNode } from './app.js'

const folder = mkdtempSync(join(tmpdir(), 'audioldm-electron-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let archive: string
let app: string
beforeAll(async () => {
  compileLibrary()
  app = layOut(folder)
  archive = await pack(app, folder)
}, 600_000)

/** No home, no user's settings, nothing of this test's environment; and node-gyp-build's Electron. */
const bare = { PATH: '/usr/bin:/bin', ELECTRON_RUN_AS_NODE: '1', OMP_WAIT_POLICY: 'PASSIVE' }
const script = join(__dirname, 'scripts', 'one-clip.cjs')

test("the app's own files are in the archive, the packages beside it", () => {
  const unpacked = (path: string) =>
    (statFile(archive, path, false) as { unpacked?: boolean }).unpacked
  const files = listPackage(archive, { isPack: false })
  for (const name of ['/main.js', '/engine-process.js', '/preload.js', '/renderer/app.js']) {
    expect(files).toContain(name)
    expect(unpacked(name.slice(1))).toBeUndefined()
  }
  expect(unpacked('node_modules/audioldm/dist/index.js')).toBe(true)
  expect(existsSync(`${archive}.unpacked/node_modules/audioldm/prebuilds/linux-x64`)).toBe(true)
})

test('native code, archives, weights and workers are found outside the archive', {
  timeout: 600_000,
}, async () => {
  const mounted = mount(archive, folder)
  const sounds = join(folder, 'sounds')
  mkdirSync(sounds)
  writeFileSync(join(sounds, 'tone.wav'), tone(1))
  writeFileSync(join(sounds, 'captions.csv'), 'file,caption\ntone.wav,a tone\n')
  // The folder is one in which nobody can write, not even root.
  const args = [script, join(mounted, 'engine.js'), findLibtorch().root, sounds]
  const { code, stdout, stderr } = await runNode(args, { cwd: '/proc', env: bare })
  expect([code, stderr]).toEqual([0, ''])
  const { types, heard, bytes, opened, ...rest } = JSON.parse(stdout)
  expect(types[0]).toBe('ready')
  expect(types).toContain('step')
  expect(types.filter((type: string) => type === 'audio').length).toBeGreaterThan(1)
  expect(types.at(-1)).toBe('clip')
  expect(rest.packagePath.startsWith(mounted)).toBe(true)
  expect([heard, bytes]).toEqual([16000, 44 + 2 * 16000])
  const native = `${mounted}.unpacked/node_modules/audioldm/prebuilds/linux-x64`
  expect(opened).toEqual([`${native}/audioldm.glibc.node`, `${native}/libaudioldm_core-2.13.so`])
  expect(rest).toMatchObject({ clips: 1, problems: [] })
})

test('without the unpacked folder it says what is missing, and does not crash', async () => {
  const mounted = mount(archive, join(folder, 'alone'))
  rmSync(`${mounted}.unpacked`, { recursive: true })
  const args = [script, join(mounted, 'engine.js'), findLibtorch().root]
  const { code, stderr } = await runNode(args, { cwd: '/proc', env: bare })
  expect(code).toBe(1)
  expect(stderr).toMatch(/ADDON_NOT_BUILT|INVALID_MODEL/)
})
