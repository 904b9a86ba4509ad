/** Copies of the small model with other weights in one part. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSafetensors } from '../../lib/weights/safetensors.js'
import { tinyModel } from '../models'

/** `change` is given every tensor's bytes, and may write into them. */
export async function copyModel(
  folder: string,
  part: 'unet' | 'vae',
  change: (name: string, bytes: Buffer) => void,
): Promise<string> {
  cpSync(tinyModel, folder, { recursive: true })
  const path = join(folder, part, 'diffusion_pytorch_model.safetensors')
  const bytes = readFileSync(path)
  for (const [name, { offset, shape }] of await readSafetensors(path)) {
    const length = 4 * shape.reduce((product, size) => product * size, 1)
    // A copy, because tensors need not lie at a multiple of four.
    const tensor = Buffer.from(new Uint8Array(bytes.subarray(offset, offset + length)).buffer)
    change(name, tensor)
    tensor.copy(bytes, offset)
  }
  writeFileSync(path, bytes)
  return folder
}
