// What binding.gyp runs: CMake stays the only description of the build. node-gyp owns build/, so
// CMake works in build-cmake/ and the two binaries are copied to where node-gyp-build looks.

const { spawnSync } = require('node:child_process')
const { copyFileSync, existsSync, mkdirSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

const root = join(__dirname, '..')
const libtorch = process.env.AUDIOLDM_LIBTORCH || process.env.LIBTORCH || venvTorch()
if (!libtorch) {
  console.error('audioldm: set AUDIOLDM_LIBTORCH to a folder of libtorch (with include/ and lib/), or run: npm run setup')
  process.exit(1)
}
const { status } = spawnSync(
  process.execPath,
  [
    require.resolve('cmake-js/bin/cmake-js'), 'build', '-O', 'build-cmake', '-B', 'Release',
    `--CDLIBTORCH_ROOT=${libtorch}`,
  ],
  { cwd: root, stdio: 'inherit' },
)
if (status !== 0) process.exit(status || 1)
const from = join(root, 'build-cmake', 'Release')
const to = join(root, 'build', 'Release')
mkdirSync(to, { recursive: true })
for (const name of readdirSync(from)) {
  if (/\.(node|so)$/.test(name)) copyFileSync(join(from, name), join(to, name))
}

function venvTorch() {
  const lib = join(root, '.venv', 'lib')
  if (!existsSync(lib)) return undefined
  return readdirSync(lib)
    .map((python) => join(lib, python, 'site-packages', 'torch'))
    .find((path) => existsSync(path))
}
