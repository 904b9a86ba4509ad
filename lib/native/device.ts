/** Turns the options `device`, `dtype` and `threads` into what the core is told. */
import { availableParallelism } from 'node:os'
import { DeviceUnavailableError, InvalidOptionError } from '../errors.js'
import type { NativeCore } from './load.js'

export type ComputeDType = 'float32' | 'bfloat16' | 'float16'

/** The device to use: 'auto' takes CUDA where it works. @throws DeviceUnavailableError */
export function chooseDevice(native: NativeCore, wanted: string): string {
  if (wanted === 'cpu') return 'cpu'
  const count = native.core.cudaDeviceCount()
  if (wanted === 'auto') return count > 0 ? 'cuda:0' : 'cpu'
  const index = Number(wanted.split(':')[1] ?? 0)
  if (index < count) return `cuda:${index}`
  const reason =
    native.cuda.problem ??
    (count === 0 ? 'libtorch sees no CUDA device' : `this machine has cuda:0 to cuda:${count - 1}`)
  throw new DeviceUnavailableError(
    `device '${wanted}' cannot be used: ${reason}`,
    "use device 'auto' or 'cpu', or run: npx audioldm doctor",
  )
}

/** 'auto': float16 on CUDA, bfloat16 on a CPU that multiplies it in hardware, else float32. */
export function chooseDType(
  native: NativeCore,
  device: string,
  wanted: ComputeDType | 'auto',
): ComputeDType {
  if (wanted === 'float16' && device === 'cpu') {
    throw new InvalidOptionError(
      'dtype',
      'float16 is for CUDA devices, and this model runs on the CPU',
      'use bfloat16, float32 or auto',
    )
  }
  if (wanted !== 'auto') return wanted
  if (device !== 'cpu') return 'float16'
  return native.core.cpuHasBfloat16() ? 'bfloat16' : 'float32'
}

/**
 * What is computed in where weights are of this dtype: the same, but float32 in place of bfloat16 on
 * a CPU that does not multiply it. The core decides by the same rule.
 */
export function arithmeticOf(
  native: NativeCore,
  device: string,
  dtype: ComputeDType,
): ComputeDType {
  const widened = dtype === 'bfloat16' && device === 'cpu' && !native.core.cpuHasBfloat16()
  return widened ? 'float32' : dtype
}

/** As 'bfloat16', or 'bfloat16 computed in float32'. */
export function describeDType(of: { dtype: ComputeDType; arithmetic: ComputeDType }): string {
  return of.arithmetic === of.dtype ? of.dtype : `${of.dtype} computed in ${of.arithmetic}`
}

/** All processors this process may use. */
export function defaultThreads(): number {
  return availableParallelism()
}
