import { InvalidWeightsError } from '../errors.js'
import { itemSize, type TensorSource } from '../native/tensor-table.js'
import { isContiguous, numelOf, reachOf } from './extent.js'
import { type WeightsFile, withFile } from './file.js'

/** No piece of a copy is larger, whatever the tensor. */
const PIECE_BYTES = 8 << 20

/** A strided view is read at once where it spans no more than this. */
const SPAN_BYTES = 256 << 20

/** The bytes of a tensor in row-major order, in bounded pieces, whatever its strides. */
export async function* readContiguous(
  file: WeightsFile,
  source: TensorSource,
): AsyncGenerator<Buffer> {
  if (source.shape.includes(0)) return
  if (!isContiguous(source)) {
    yield* gather(file, source, source.offset, 0)
    return
  }
  const total = (numelOf(source.shape) as number) * itemSize[source.dtype]
  for (let done = 0; done < total; done += PIECE_BYTES) {
    yield await file.read(source.offset + done, Math.min(PIECE_BYTES, total - done))
  }
}

/** A whole tensor in memory, row-major; for small ones. */
export async function readTensorBytes(source: TensorSource): Promise<Buffer> {
  return withFile(source.file, async (file) => {
    const pieces: Buffer[] = []
    for await (const piece of readContiguous(file, source)) pieces.push(piece)
    return Buffer.concat(pieces)
  })
}

/** Splits along the outer dimensions until what is left spans little enough to be read at once. */
async function* gather(
  file: WeightsFile,
  source: TensorSource,
  offset: number,
  axis: number,
): AsyncGenerator<Buffer> {
  const item = itemSize[source.dtype]
  const shape = source.shape.slice(axis)
  const strides = source.strides.slice(axis)
  const span = (reachOf(shape, strides) as number) * item
  if (span <= SPAN_BYTES) {
    yield* permute(await file.read(offset, span), shape, strides, item)
    return
  }
  if (shape.length === 1) {
    throw new InvalidWeightsError(
      `${source.file}: one row of a strided tensor [${source.shape}] spans ${span} bytes`,
      [],
      'Make the tensors contiguous in PyTorch and save the file again.',
    )
  }
  for (let i = 0; i < shape[0]; i++) {
    yield* gather(file, source, offset + i * strides[0] * item, axis + 1)
  }
}

function* permute(
  bytes: Buffer,
  shape: number[],
  strides: number[],
  item: number,
): Generator<Buffer> {
  const index = new Array<number>(shape.length).fill(0)
  let remaining = shape.reduce((a, b) => a * b, 1) * item
  let from = 0
  while (remaining > 0) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, remaining))
    for (let to = 0; to < piece.length; to += item) {
      for (let b = 0; b < item; b++) piece[to + b] = bytes[from + b]
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from += strides[axis] * item
        if (++index[axis] < shape[axis]) break
        from -= shape[axis] * strides[axis] * item
        index[axis] = 0
      }
    }
    remaining -= piece.length
    yield piece
  }
}
