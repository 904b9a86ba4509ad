// Bundles page/ into dist/page/, which `audioldm serve` hands out: it asks no other server.

import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps.mjs'

export async function buildPage() {
  const to = join(root, 'dist', 'page')
  mkdirSync(to, { recursive: true })
  // Not before: this file is read before packages are installed.
  const { build } = await import('esbuild')
  await build({
    entryPoints: [join(root, 'page', 'main.ts')],
    outfile: join(to, 'page.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
  })
  for (const name of ['index.html', 'page.css', 'icon.svg']) {
    cpSync(join(root, 'page', name), join(to, name))
  }
  const licence = join(root, 'node_modules', 'wavesurfer.js', 'LICENSE')
  cpSync(licence, join(to, 'LICENSE.wavesurfer.txt'))
}
