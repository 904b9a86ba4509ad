import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { loadNative } from '../../lib/native/load.js'

/** Bytes of tensors that something still holds: what nobody does is collected first. */
export async function settledTensorBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  for (let i = 0; i < 3; i++) {
    collect()
    // Finalizers run between turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return loadNative().core.liveTensorBytes()
}
