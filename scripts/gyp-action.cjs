// What binding.gyp runs. CMake is the only description of the build; node-gyp owns build/ and wipes
// it, so CMake works in build-cmake/ and the binaries are copied to where node-gyp-build looks.
//
// With AUDIOLDM_BUILT, a folder that has the binaries (scripts/prebuildify.mjs sets it), nothing is
// compiled.

const { spawnSync } = require('node:child_process')
const { copyFileSync, existsSync, mkdirSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

const root = join(__dirname, '..')
const built = process.env.AUDIOLDM_BUILT ?? compile()
const release = join(root, 'build', 'Release')
mkdirSync(release, { recursive: true })
for (const name of readdirSync(built)) {
  if (/\.(node|so)$/.test(name)) copyFileSync(join(built, name), join(release, name))
}

function compile() {
  const libtorch = process.env.AUDIOLDM_LIBTORCH || process.env.LIBTORCH || venvTorch()
  if (!libtorch || !existsSync(join(libtorch, 'include', 'torch', 'script.h'))) {
    fail(
      'set AUDIOLDM_LIBTORCH to a folder of libtorch with include/ and lib/, such as torch in ' +
        'site-packages; in a clone of the repository run instead: npm run setup',
    )
  }
  const { status } = spawnSync(
    process.execPath,
    [
      cmakeJs(),
      ...['build', '-O', 'build-cmake', '-B', 'Release', '--parallel', '2'],
      `--CDLIBTORCH_ROOT=${libtorch}`,
    ],
    { cwd: root, stdio: 'inherit' },
  )
  if (status !== 0) fail('the build failed; the messages above say why')
  return join(root, 'build-cmake', 'Release')
}

function cmakeJs() {
  try {
    return require.resolve('cmake-js/bin/cmake-js')
  } catch {
    return fail(
      'cmake-js is missing; install it with: npm install cmake-js node-addon-api node-api-headers',
    )
  }
}

function venvTorch() {
  const lib = join(root, '.venv', 'lib')
  if (!existsSync(lib)) return undefined
  return readdirSync(lib)
    .map((python) => join(lib, python, 'site-packages', 'torch'))
    .find((path) => existsSync(path))
}

function fail(message) {
  console.error(`audioldm: ${message}`)
  process.exit(1)
}
