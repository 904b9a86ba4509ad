import { InvalidWeightsError } from '../errors.js'
import { itemSize, type TensorSource, type TensorTable } from '../native/tensor-table.js'
import { type WeightsFile, withFile } from './file.js'
import { MAX_PICKLE_BYTES, readPickle } from './pickle.js'
import { PickleError } from './pickle-values.js'
import { collectTensors, inFile, type TorchContent } from './torch-file.js'
import { findTorchGlobal, loadPersistent, type TorchTensor } from './torch-objects.js'
import { readZipDirectory, readZipRecord, verifyZipRecord, type ZipRecord } from './zip.js'

/** The state dict of a file that `torch.save` wrote since PyTorch 1.6. */
export async function readTorchZip(file: WeightsFile): Promise<TorchContent> {
  const records = await readZipDirectory(file)
  const { root, pickle } = findPickle(file, records)
  await checkByteOrder(file, records.get(`${root}/byteorder`))
  const bytes = await readZipRecord(file, pickle, MAX_PICKLE_BYTES)
  const { value } = inFile(file, pickle.name, () =>
    readPickle(bytes, 0, { findGlobal: findTorchGlobal, persistentLoad: loadPersistent }),
  )
  return collectTensors(value, file, (tensor) =>
    locate(file, tensor, records.get(`${root}/data/${tensor.storage.key}`)),
  )
}

/**
 * Compares the checksums of the records that these tensors of a PyTorch zip lie in: reads them
 * all, so it is for an import and not for a load. `onBytes` hears of every piece.
 */
export async function verifyTorchZip(
  path: string,
  tensors: TensorTable,
  onBytes: (bytes: number, totalBytes: number) => void = () => {},
): Promise<void> {
  await withFile(path, async (file) => {
    const used = recordsOf(tensors, await readZipDirectory(file))
    const total = used.reduce((sum, record) => sum + record.size, 0)
    let done = 0
    for (const record of used) {
      await verifyZipRecord(file, record, (bytes) => {
        done += bytes
        onBytes(done, total)
      })
    }
  })
}

/** The records that the first elements of these tensors lie in. */
function recordsOf(tensors: TensorTable, records: Map<string, ZipRecord>): ZipRecord[] {
  const sorted = [...records.values()].sort((a, b) => a.offset - b.offset)
  const offsets = [...tensors.values()].map(({ offset }) => offset).sort((a, b) => a - b)
  const used = new Set<ZipRecord>()
  let i = 0
  for (const offset of offsets) {
    while (i < sorted.length && sorted[i].offset + sorted[i].size <= offset) i++
    if (i < sorted.length && sorted[i].offset <= offset) used.add(sorted[i])
  }
  return [...used]
}

function findPickle(file: WeightsFile, records: Map<string, ZipRecord>) {
  const pickles = [...records.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name))
  if (pickles.length !== 1) {
    throw new InvalidWeightsError(
      `${file.path}: a zip file with ${pickles.length} data.pkl, where PyTorch writes one`,
    )
  }
  const root = pickles[0].name.slice(0, -'/data.pkl'.length)
  if (records.has(`${root}/constants.pkl`)) {
    throw new InvalidWeightsError(
      `${file.path}: is a TorchScript archive, not a file of weights`,
      [],
      'Save the state_dict() of the module with torch.save.',
    )
  }
  return { root, pickle: pickles[0] }
}

async function checkByteOrder(file: WeightsFile, record: ZipRecord | undefined): Promise<void> {
  if (!record) return
  const order = (await readZipRecord(file, record, 64)).toString('latin1')
  if (order !== 'little') {
    throw new InvalidWeightsError(`${file.path}: its byte order is ${JSON.stringify(order)}`)
  }
}

function locate(
  file: WeightsFile,
  { storage, dtype, offset, shape, strides }: TorchTensor,
  record: ZipRecord | undefined,
): TensorSource {
  if (dtype === undefined || storage.type.dtype === undefined) {
    throw new PickleError(`the element type ${storage.type.name} is not supported`)
  }
  if (!record) throw new PickleError(`its storage ${storage.key} is missing`)
  if (record.method !== 0) {
    throw new PickleError(
      `its storage is compressed and cannot be mapped: load the file in PyTorch and save it again`,
    )
  }
  const bytes = storage.numel * itemSize[storage.type.dtype]
  if (record.size !== bytes || record.compressedSize !== bytes) {
    throw new PickleError(
      `its storage of ${storage.numel} ${storage.type.name} elements has ${record.size} bytes`,
    )
  }
  return {
    file: file.path,
    offset: record.offset + offset * itemSize[dtype],
    dtype,
    shape,
    strides,
  }
}
