// Builds loader and core for a platform that is not this one, with the libtorch that PyTorch
// publishes for it. What can be run here by qemu is run, and its sound compared with this machine's.
// docs/portability.md says what was seen.
//
//   node scripts/portability.mjs linux-arm64     wants g++-aarch64-linux-gnu and qemu-user (Debian)
//   node scripts/portability.mjs macos-arm64     wants zig in PATH (pip install ziglang)

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './steps.mjs'

const targets = {
  'linux-arm64': {
    wheels: ['manylinux_2_28_aarch64', 'manylinux_2_25_aarch64', 'manylinux2014_aarch64'],
    // The wheel is CUDA's: its libtorch_cpu.so opens with these two.
    packages: ['nvidia-cuda-runtime==13.0.96', 'nvidia-cuda-cupti==13.0.85'],
    emulator: ['qemu-aarch64', '-cpu', 'neoverse-n1', '-L'],
    libraries: '/usr/aarch64-linux-gnu/lib',
  },
  'macos-arm64': { wheels: ['macosx_14_0_arm64'], packages: [] },
}
const tolerance = 1e-4
// qemu shows this machine's, and libtorch crashes on one of another architecture.
const cpuinfo = `processor\t: 0
BogoMIPS\t: 100.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0c
CPU revision\t: 1
`

const [name] = process.argv.slice(2)
const target = targets[name]
if (!target) fail(`name one of ${Object.keys(targets).join(', ')}`)
const folder = join(root, 'build', name)
const wheels = join(folder, 'wheels')
const node = join(folder, 'node', 'node_modules', `node-${name}`, 'bin', 'node')

if (!existsSync(join(wheels, 'torch'))) fetchLibtorch()
build()
if (target.emulator) compare()

function fetchLibtorch() {
  need('python3', [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', wheels],
    ...['--no-deps', '--no-compile', '--only-binary', ':all:', '--python-version', '3.11'],
    ...target.wheels.flatMap((tag) => ['--platform', tag]),
    ...['torch==2.13.0', ...target.packages],
  ])
}

function build() {
  const headers = ['node-api-headers/include', 'node-addon-api']
  need('cmake', [
    ...['-S', root, '-B', folder],
    `-DCMAKE_TOOLCHAIN_FILE=${join(root, 'cmake', `${name}.cmake`)}`,
    `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${join(folder, 'build', 'Release')}`,
    `-DCMAKE_JS_INC=${headers.map((path) => join(root, 'node_modules', path)).join(';')}`,
    `-DLIBTORCH_ROOT=${join(wheels, 'torch')}`,
  ])
  need('cmake', ['--build', folder])
}

/** The tiny model's sound, by this machine's Node and by the other's, of the same version. */
function compare() {
  if (!existsSync(node)) {
    const version = process.versions.node
    const prefix = ['--prefix', join(folder, 'node'), '--no-save', '--force']
    need('npm', ['install', ...prefix, `node-${name}@${version}`])
  }
  const theirs = takes([...target.emulator, systemRoot(), node], 'theirs', {
    AUDIOLDM_PREBUILD: folder,
    AUDIOLDM_LIBTORCH: join(wheels, 'torch'),
  })
  const ours = takes([process.execPath], 'ours', {})
  let peak = 0
  let difference = 0
  for (let i = 0; i < ours.length; i++) {
    peak = Math.max(peak, Math.abs(ours[i]))
    difference = Math.max(difference, Math.abs(ours[i] - theirs[i]))
  }
  const relative = difference / peak
  console.log(`${ours.length} samples, largest difference ${relative.toExponential(2)} of the peak`)
  if (ours.length !== theirs.length || !(relative <= tolerance)) fail('the sounds differ')
}

/** What qemu looks into before this machine's own folders. */
function systemRoot() {
  const path = join(folder, 'root')
  mkdirSync(join(path, 'proc'), { recursive: true })
  writeFileSync(join(path, 'proc', 'cpuinfo'), cpuinfo)
  if (!existsSync(join(path, 'lib'))) symlinkSync(target.libraries, join(path, 'lib'))
  return path
}

function takes([command, ...args], file, env) {
  const path = join(folder, `${file}.f32`)
  need(command, [...args, join(root, 'scripts', 'portability-sound.mjs'), path], env)
  const { buffer, byteOffset, length } = readFileSync(path)
  return new Float32Array(buffer.slice(byteOffset, byteOffset + length))
}

function need(command, args, env) {
  if (run(command, args, env) !== 0) fail(`${command} failed; the messages above say why`)
}

function fail(message) {
  console.error(`portability: ${message}`)
  process.exit(1)
}
