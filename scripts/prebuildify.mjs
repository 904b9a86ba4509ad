// Fills prebuilds/ for this platform from what `npm run setup` built: the loader and, beside it, the
// core for the libtorch at hand, both stripped. Cores for other libtorch minors stay.
//
// prebuildify has node-gyp rebuild the package, which wipes its build/ folder. So it works on a
// small copy of the package, in which binding.gyp's one action fetches our binaries.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { output, root, run } from './steps.mjs'

const built = join(root, 'build', 'Release')
if (!existsSync(join(built, 'audioldm.node'))) {
  console.error('prebuildify: nothing is built yet; run: npm run setup')
  process.exit(1)
}
const stage = join(root, 'build', 'prebuildify')
rmSync(stage, { recursive: true, force: true })
mkdirSync(stage, { recursive: true })
for (const name of ['package.json', 'binding.gyp', 'CMakeLists.txt', 'scripts/gyp-action.cjs']) {
  cpSync(join(root, name), join(stage, name))
}
const platform = `${process.platform}-${process.arch}`
const folder = join(root, 'prebuilds', platform)

// node-gyp wants Node's headers, though nothing here is compiled by it: those of this Node, where
// it has them, so that nothing is downloaded.
const nodeDir = dirname(dirname(process.execPath))
const headers = existsSync(join(nodeDir, 'include', 'node', 'node_api.h'))
const status = run(
  join('node_modules', '.bin', 'prebuildify'),
  [
    ...['--napi', '--tag-libc', '--strip', '--quiet', '-t', process.versions.node],
    ...['--cwd', stage, '--out', root],
  ],
  { AUDIOLDM_BUILT: built, ...(headers ? { npm_config_nodedir: nodeDir } : {}) },
)
if (status !== 0) process.exit(status)

const names = existsSync(folder) ? readdirSync(folder) : []
console.log(`prebuilds/${platform}: ${names.join(', ')}`)
console.log(`they need ${['GLIBC', 'GLIBCXX'].map(newest).join(' and ')}, or newer`)
const complete = ['.node', '.so'].every((end) => names.some((name) => name.endsWith(end)))
process.exit(complete ? 0 : 1)

/** The newest version of a C or C++ library's symbols that a binary asks for, as of this machine's. */
function newest(library) {
  const versions = names.flatMap((name) => {
    const symbols = output('objdump', ['-T', join(folder, name)]) ?? ''
    return [...symbols.matchAll(new RegExp(`\\b${library}_([\\d.]+)`, 'g'))].map(([, v]) => v)
  })
  versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return `${library}_${versions.at(-1)}`
}
