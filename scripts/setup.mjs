// Makes a clone of this repository ready: dependencies, libtorch, native core, archives, library.
// Uses Node's own modules alone, since it runs before anything is installed. Every
// step is skipped when what it would make is up to date.
//
//   node scripts/setup.mjs            what a user needs
//   node scripts/setup.mjs --dev      and what the tests need

import { existsSync, readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { buildLibrary } from './build-lib.mjs'
import { writeGraphs } from './graphs.mjs'
import { fail, output, root, run, stampOf, start, step } from './steps.mjs'

const dev = process.argv.includes('--dev')
const venv = join(root, '.venv')
const minTorch = [2, 11]
const maxTorch = [2, 15]

checkTools()
await step(
  'npm packages',
  stampOf('npm', ['package-lock.json'], existsSync(join(root, 'node_modules'))),
  () => run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']),
)
const python = await pythonWithTorch()
const libtorch = libtorchRoot(python)
// Goes on beside the steps below: it begins with a precompiled header, which keeps one core busy.
const native = step(
  'native loader and core',
  stampOf('native', ['native', 'cmake', 'CMakeLists.txt', 'package.json'], [libtorch, dev]),
  () => {
    const options = [
      ...['-O', 'build', '-B', 'Release'],
      `--CDLIBTORCH_ROOT=${libtorch}`,
      `--CDAUDIOLDM_TESTS=${dev ? 'ON' : 'OFF'}`,
    ]
    // `build` alone leaves an earlier configuration as it is.
    const status = run('node_modules/.bin/cmake-js', ['configure', ...options])
    if (status !== 0) return status
    return start('node_modules/.bin/cmake-js', ['build', ...options, '--parallel', '2'])
  },
)
if (dev) {
  await step(
    'notebook kernel (npm packages of notebooks/)',
    stampOf(
      'notebooks',
      ['notebooks/package.json', 'notebooks/package-lock.json'],
      existsSync(join(root, 'notebooks', 'node_modules')),
    ),
    () =>
      run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', 'notebooks']),
  )
}
await step(
  'TorchScript archives',
  stampOf('archives', ['export/audioldm_export'], existsSync(join(root, 'archives', 'unet.pt'))),
  () => exporter('archives', '--out', 'archives'),
)
if (dev) {
  await step(
    'small model with random weights',
    stampOf(
      'random-tiny',
      ['export/audioldm_export'],
      existsSync(join(root, 'models', 'random-tiny')),
    ),
    () => exporter('random-model', '--out', 'models/random-tiny'),
  )
}
await step(
  'library (TypeScript)',
  stampOf(
    'lib',
    [
      'lib',
      'page',
      'tsconfig.json',
      'package.json',
      'scripts/build-lib.mjs',
      'scripts/build-page.mjs',
    ],
    existsSync(join(root, 'dist')),
  ),
  buildLibrary,
)
await step(
  'graphs of common structures',
  stampOf(
    'graphs',
    [
      ...['export/audioldm_export', 'lib/architectures', 'lib/native/part.ts'],
      ...['scripts/graphs.mjs', 'models/default/unet/config.json'],
    ],
    readdirSync(join(root, 'archives')).some((name) => name.endsWith('.graph')) && [
      existsSync(join(root, 'models', 'random-tiny')),
    ],
  ),
  () => writeGraphs(python),
)
await native

function exporter(...args) {
  return run(python, ['-W', 'ignore', '-m', 'audioldm_export', ...args], {
    PYTHONPATH: join(root, 'export'),
  })
}

function checkTools() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 17)) {
    fail(`Node ${process.versions.node} is too old: install Node 20.17 or newer`)
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    fail(`only linux-x64 is supported so far, and this is ${process.platform}-${process.arch}`)
  }
  const tools = [
    [
      'python3',
      ['--version'],
      'python3 is missing: install Python 3.10 to 3.13 (Debian: apt install python3 python3-venv)',
    ],
    [
      'cmake',
      ['--version'],
      'cmake is missing: install CMake 3.18 or newer (Debian: apt install cmake)',
    ],
    [
      process.env.CXX ?? 'c++',
      ['--version'],
      'a C++ compiler is missing: install g++ 11 or newer (Debian: apt install g++ make)',
    ],
    ['make', ['--version'], 'make is missing (Debian: apt install make)'],
  ]
  for (const [tool, args, message] of tools) {
    if (output(tool, args) === undefined) fail(message)
  }
  const version = output('python3', ['-c', 'import sys; print(*sys.version_info[:2])'])
  const [, pythonMinor] = version.trim().split(' ').map(Number)
  if (pythonMinor < 10 || pythonMinor > 13) {
    fail(`Python 3.${pythonMinor} cannot export TorchScript: put Python 3.10 to 3.13 first in PATH`)
  }
}

/** A Python that has torch: the active environment's, or the project's own `.venv`, made if missing. */
async function pythonWithTorch() {
  const active = process.env.VIRTUAL_ENV && join(process.env.VIRTUAL_ENV, 'bin', 'python')
  if (active && !dev && isSupported(torchVersion(active))) return active
  const own = join(venv, 'bin', 'python')
  const lists = ['export/requirements.txt', ...(dev ? ['export/requirements-dev.txt'] : [])]
  const ready = existsSync(own) && isSupported(torchVersion(own))
  await step(
    dev ? 'Python packages, torch among them (.venv)' : 'torch (.venv)',
    stampOf(dev ? 'venv-dev' : 'venv', lists, ready),
    () => {
      const { bavail, bsize } = statfsSync(root)
      const free = (bavail * bsize) / 2 ** 30
      if (!ready && free < 8) {
        fail(
          `torch needs 8 GiB of free disk space, and ${free.toFixed(1)} GiB are left here: free some, or set AUDIOLDM_LIBTORCH and activate an environment that has torch`,
        )
      }
      if (!existsSync(own) && run('python3', ['-m', 'venv', '.venv']) !== 0) {
        fail('python3 cannot make virtual environments (Debian: apt install python3-venv)')
      }
      return run(own, [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        ...lists.flatMap((list) => ['-r', list]),
      ])
    },
  )
  return own
}

function torchVersion(python) {
  const code = 'import importlib.metadata as m; print(m.version("torch"))'
  return existsSync(python) ? output(python, ['-c', code])?.trim() : undefined
}

function isSupported(version) {
  if (version === undefined) return false
  const [major, minor] = version.split('.').map(Number)
  return major === 2 && minor >= minTorch[1] && minor <= maxTorch[1]
}

/** What the core is linked to: as the library finds it at run time, else torch's own folder. */
function libtorchRoot(python) {
  for (const name of ['AUDIOLDM_LIBTORCH', 'LIBTORCH']) {
    const path = process.env[name]
    if (path && existsSync(join(path, 'include', 'torch', 'script.h'))) return path
  }
  const code =
    'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])'
  return output(python, ['-c', code]).trim()
}
