import { InvalidWeightsError } from '../errors.js'
import { withFile } from './file.js'
import { readSafetensorsFrom } from './safetensors.js'
import type { TensorTable } from './table.js'

/**
 * The tensors of one weights file: safetensors, a PyTorch zip or a PyTorch legacy pickle, told
 * apart by content, whatever the file is called. Nothing in the file is executed.
 */
export async function readWeights(path: string): Promise<TensorTable> {
  return withFile(path, async (file) => {
    if (file.size === 0) throw new InvalidWeightsError(`${path}: is empty`)
    return readSafetensorsFrom(file)
  })
}
