import { InvalidWeightsError } from '../errors.js'
import { type WeightsFile, withFile } from './file.js'
import { MAX_PICKLE_BYTES, readPickle } from './pickle.js'
import { PickleError } from './pickle-values.js'
import { itemSize, type TensorSource, type TensorTable } from './table.js'
import { collectTensors, inFile, type TorchFile } from './torch-file.js'
import { findTorchGlobal, loadPersistent, type TorchTensor } from './torch-objects.js'
import { readZipDirectory, readZipRecord, verifyZipRecord, type ZipRecord } from './zip.js'

/** The state dict of a file that `torch.save` wrote since PyTorch 1.6. */
export async function readTorchZip(file: WeightsFile): Promise<TorchFile> {
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
 * all, so it is for an import and not for a load.
 */
export async function verifyTorchZip(
  path: string,
  tensors: TensorTable,
  onRecord: () => void = () => {},
): Promise<void> {
  const offsets = [...tensors.values()]
    .filter((source) => source.file === path)
    .map((source) => source.offset)
  await withFile(path, async (file) => {
    for (const record of (await readZipDirectory(file)).values()) {
      const end = record.offset + record.size
      if (record.method !== 0) continue
      if (!offsets.some((offset) => offset >= record.offset && offset < end)) continue
      onRecord()
      await verifyZipRecord(file, record)
    }
  })
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
