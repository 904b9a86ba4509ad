/**
 * Loads libtorch and the core in a process of its own, started by `doctor`: a binary that crashes
 * takes this process down and not the one that asks.
 */
import { AudioLDMError } from '../errors.js'
import { loadNative } from '../native/load.js'

export interface CoreProbe {
  /** The libtorch that the core was built with. */
  buildTorchVersion: string
  cpuCapability: string
  cpuHasBfloat16: boolean
  cudaDevices: number
  /** Why libtorch's CUDA half was not opened; null when it was. */
  cudaProblem: string | null
}

export type ProbeAnswer = { core: CoreProbe } | { problem: string }

function probe(): ProbeAnswer {
  try {
    const { core, cuda } = loadNative()
    return {
      core: {
        buildTorchVersion: core.buildTorchVersion,
        cpuCapability: core.cpuCapability,
        cpuHasBfloat16: core.cpuHasBfloat16(),
        cudaDevices: core.cudaDeviceCount(),
        cudaProblem: cuda.problem ?? null,
      },
    }
  } catch (error) {
    const { message } = error as Error
    const hint = error instanceof AudioLDMError && error.hint ? `\n${error.hint}` : ''
    return { problem: message + hint }
  }
}

if (process.send) process.send(probe(), () => process.disconnect())
