import { makeZip, type Zip } from './zip.js'

/** What passes for the largest library in it. */
export const library = Buffer.from(
  Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255),
)

/** An archive in the layout of the official ones. */
export function official(version = '2.13.0+cpu'): Zip {
  return makeZip([
    { name: 'libtorch/', mode: 0o040755 },
    { name: 'libtorch/lib/libtorch_cpu.so', content: library },
    { name: 'libtorch/lib/libc10.so', content: 'c10' },
    { name: 'libtorch/lib/libgomp.so.1', content: 'gomp', mode: 0o100755 },
    { name: 'libtorch/lib/libtorch_python.so', content: 'python' },
    { name: 'libtorch/include/ATen/ATen.h', content: '#pragma once', deflate: true },
    { name: 'libtorch/share/cmake/Torch/TorchConfig.cmake', content: '#' },
    { name: 'libtorch/build-version', content: `${version}\n` },
  ])
}
