/** Where the documentation's programs run: a project with the package in it. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { tinyModel } from '../models'
import { narrowWeights, writeSounds } from '../score/fixture.js'
import { root } from './markdown.js'

/** As npm would lay it out; it goes with the tests. */
export const project = mkdtempSync(join(tmpdir(), 'audioldm-docs-'))
mkdirSync(join(project, 'node_modules', '.bin'), { recursive: true })
symlinkSync(root, join(project, 'node_modules', 'audioldm'))
symlinkSync(
  join(root, 'notebooks', 'node_modules', 'tslab'),
  join(project, 'node_modules', 'tslab'),
)
symlinkSync(join(root, 'dist', 'cli', 'main.js'), join(project, 'node_modules', '.bin', 'audioldm'))
afterAll(() => rmSync(project, { recursive: true, force: true }))

/** What the programs about scores find there: two folders, and weights under their published names. */
beforeAll(() => {
  const { panns, vggish } = narrowWeights()
  symlinkSync(panns, join(project, 'Cnn14_16k_mAP=0.438.pth'))
  symlinkSync(vggish, join(project, 'vggish-10086976.pth'))
  symlinkSync(tinyModel, join(project, 'my-model'))
  writeSounds(project, 'generated', 12)
  writeSounds(project, 'reference', 12, 1.3)
})

export function run(command: string, args: string[]) {
  // Other tests run at the same time: threads that spin would take the cores from each other.
  const caches = { HF_HUB_CACHE: join(project, 'cache'), AUDIOLDM_CACHE: join(project, 'cache') }
  const env = { ...process.env, ...caches, OMP_WAIT_POLICY: 'PASSIVE' }
  const result = spawnSync(command, args, { cwd: project, env, maxBuffer: 64 << 20 })
  expect(result.status, `${command} ${args.join(' ')}\n${result.stderr}`).toBe(0)
  return result.stdout
}
