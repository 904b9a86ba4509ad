import { InvalidWeightsError } from '../errors.js'
import type { TensorTable } from '../native/tensor-table.js'
import { type WeightsFile, withFile } from './file.js'
import { readSafetensorsFrom } from './safetensors.js'
import type { TorchContent } from './torch-file.js'
import { readTorchLegacy } from './torch-legacy.js'
import { readTorchZip } from './torch-zip.js'

/**
 * The tensors of one weights file: safetensors, a PyTorch zip or a PyTorch legacy pickle, told
 * apart by content, whatever the file is called. Nothing in the file is executed.
 */
export async function readWeights(path: string): Promise<TensorTable> {
  return (await readWeightsFile(path)).tensors
}

export interface WeightsContent extends TorchContent {
  format: 'safetensors' | 'torch-zip' | 'torch-legacy'
}

/** As `readWeights`, with the plain values that PyTorch files may hold beside their tensors. */
export async function readWeightsFile(path: string): Promise<WeightsContent> {
  return withHint(path, async (file) => {
    if (file.size === 0) throw new InvalidWeightsError(`${path}: is empty`)
    const head = await file.read(0, Math.min(16, file.size))
    if (head.subarray(0, 4).equals(Buffer.from('PK\x03\x04'))) {
      return { format: 'torch-zip', ...(await readTorchZip(file)) }
    }
    // A pickle begins with PROTO and 2 to 5. So does the length of some safetensors headers, but
    // then the header itself follows at byte 8.
    const brace = 0x7b
    if (head[0] === 0x80 && head[1] >= 2 && head[1] <= 5 && head[8] !== brace) {
      return { format: 'torch-legacy', ...(await readTorchLegacy(file)) }
    }
    const tensors = await readSafetensorsFrom(file)
    return { format: 'safetensors', tensors, scalars: new Map(), arrays: new Map() }
  })
}

/** What to do about a file that is refused, where the one who refuses it knows nothing better. */
async function withHint<T>(path: string, read: (file: WeightsFile) => Promise<T>): Promise<T> {
  try {
    return await withFile(path, read)
  } catch (error) {
    if (!(error instanceof InvalidWeightsError) || error.hint !== undefined) throw error
    const hint = 'The file is damaged, or no weights file: download or copy it again.'
    throw Object.assign(error, { hint })
  }
}
