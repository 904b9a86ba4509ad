// Compiles lib/ to CommonJS with declarations, bundles the page, and writes the ESM face: a module
// that re-exports the CommonJS one, so that a program that mixes import and require has one copy of
// the state.

import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildPage } from './build-page.mjs'
import { root, run } from './steps.mjs'

export async function buildLibrary() {
  const dist = join(root, 'dist')
  rmSync(dist, { recursive: true, force: true })
  const status = run('node_modules/.bin/tsc', ['-p', 'tsconfig.json'])
  if (status !== 0) return status
  await buildPage()
  const names = Object.keys(createRequire(import.meta.url)(join(dist, 'index.js'))).sort()
  const lines = [
    "import audioldm from './index.js'",
    `export const {\n${names.map((name) => `  ${name},\n`).join('')}} = audioldm`,
  ]
  writeFileSync(join(dist, 'index.mjs'), `${lines.join('\n')}\n`)
  writeFileSync(join(dist, 'index.d.mts'), "export * from './index.js'\n")
  chmodSync(join(dist, 'cli', 'main.js'), 0o755)
  return 0
}
