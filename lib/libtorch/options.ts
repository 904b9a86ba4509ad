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
