/**
 * Which archives make a libtorch, and the SHA-256 that each must have. What has another is never
 * unpacked; the only way around is a hash given by hand.
 */

export interface PinnedArchive {
  /** Where it is published. On a mirror it has the same path. */
  host: string
  path: string
  sha256: string
  bytes: number
  licence: string
}

export interface PinnedLibtorch {
  /** As build-version in the archive says it. */
  version: string
  /** What it takes unpacked, rounded up: to refuse a disk that is too small before the download. */
  unpackedBytes: number
  /** libtorch itself first. */
  archives: PinnedArchive[]
}

export type LibtorchVariant = 'cpu' | 'cuda'

const pytorch = 'https://download.pytorch.org'
const bsd = 'BSD-3-Clause (PyTorch), with parts under licences of their own'

/**
 * By platform, as Node names it, and variant.
 *
 * The archives of download.pytorch.org were NOT downloaded when these hashes were written down: the
 * host could not be reached. SHA-256 and size are those that independent public projects pin for the
 * same address, and on which they agree. A wrong one cannot do harm, it can only refuse the archive.
 */
const pins: Record<string, Record<LibtorchVariant, PinnedLibtorch>> = {
  'linux-x64': {
    cpu: {
      version: '2.13.0+cpu',
      unpackedBytes: 480_000_000,
      archives: [
        {
          host: pytorch,
          path: 'libtorch/cpu/libtorch-shared-with-deps-2.13.0%2Bcpu.zip',
          sha256: 'edbf4cbed78433d803e90a65f1752e57783d164bce66c95c0872b2ab8f5c159e',
          bytes: 126_385_248,
          licence: bsd,
        },
      ],
    },
    cuda: {
      version: '2.13.0+cu130',
      unpackedBytes: 1_000_000_000,
      archives: [
        {
          host: pytorch,
          path: 'libtorch/cu130/libtorch-shared-with-deps-2.13.0%2Bcu130.zip',
          sha256: '945c5a3d946a28b387ad9dc9fddda7ba03e35fae1375b84ebff15df789436f82',
          bytes: 500_687_821,
          licence: bsd,
        },
      ],
    },
  },
}

export function pinnedLibtorch(
  variant: LibtorchVariant,
  platform = `${process.platform}-${process.arch}`,
): PinnedLibtorch | undefined {
  return pins[platform]?.[variant]
}
