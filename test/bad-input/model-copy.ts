/** Copies of the tinyModel model in which something was changed. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { tinyModel } from '../models'

const original = tinyModel

/** A folder for one test file, removed when its tests are over. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'audioldm-bad-input-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

let copies = 0

/** A copy of the tinyModel model in `scratch`, after `edit`. */
export function copyModel(scratch: string, edit: (model: ModelCopy) => void): string {
  const dir = join(scratch, `model-${copies++}`)
  cpSync(original, dir, { recursive: true })
  edit(new ModelCopy(dir))
  return dir
}

export const unetWeights = 'unet/diffusion_pytorch_model.safetensors'

export class ModelCopy {
  constructor(readonly dir: string) {}

  path(name: string): string {
    return join(this.dir, name)
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true })
  }

  write(name: string, bytes: Uint8Array | string): void {
    writeFileSync(this.path(name), bytes)
  }

  truncate(name: string, bytes: number): void {
    this.write(name, readFileSync(this.path(name)).subarray(0, bytes))
  }

  /** Sets fields of a JSON file; undefined removes one. */
  configure(name: string, fields: Record<string, unknown>): void {
    const json = JSON.parse(readFileSync(this.path(name), 'utf8'))
    this.write(name, JSON.stringify({ ...json, ...fields }))
  }

  /** Lets `edit` change the header of a safetensors file; its data stays. */
  editHeader(name: string, edit: (header: Header) => void): void {
    const bytes = readFileSync(this.path(name))
    const length = Number(bytes.readBigUInt64LE())
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Header
    edit(header)
    const text = Buffer.from(JSON.stringify(header))
    const size = Buffer.alloc(8)
    size.writeBigUInt64LE(BigInt(text.length))
    this.write(name, Buffer.concat([size, text, bytes.subarray(8 + length)]))
  }

  /** Puts these bytes in the place of the UNet's weights, as a file for torch.load. */
  pickleUnet(bytes: Buffer): void {
    this.remove(unetWeights)
    this.write('unet/diffusion_pytorch_model.bin', bytes)
  }
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>
