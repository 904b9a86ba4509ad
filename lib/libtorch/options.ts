import { z } from 'zod'
import { abortSignal, expecting } from '../options.js'

export interface InstallLibtorchOptions {
  /**
   * The libtorch archive: an address or a file. A folder: every archive is in it, under its own
   * name. Default: where PyTorch publishes it.
   */
  from?: string
  /** Whether to install the build for CUDA, with NVIDIA's libraries. Default: false. */
  cuda?: boolean
  /** SHA-256 of the libtorch archive, of one that is not pinned in this package. */
  sha256?: string
  /** Address of a server with the same paths; default: AUDIOLDM_LIBTORCH_MIRROR or none. */
  mirror?: string
  signal?: AbortSignal
}

const address = expecting('an http(s) address')

export const installOptionsSchema = z.strictObject({
  from: z.string(expecting('an address, a file or a folder')).min(1).optional(),
  cuda: z.boolean(expecting('true or false')).optional(),
  sha256: z
    .string(expecting('64 hexadecimal digits'))
    .regex(/^[0-9a-f]{64}$/i, expecting('64 hexadecimal digits'))
    .toLowerCase()
    .optional(),
  mirror: z
    .string(address)
    .regex(/^https?:\/\/[^/]/i, address)
    .optional(),
  signal: abortSignal.optional(),
})
