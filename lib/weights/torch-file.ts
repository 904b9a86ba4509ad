import { InvalidWeightsError } from '../errors.js'
import type { TensorSource, TensorTable } from '../native/tensor-table.js'
import type { WeightsFile } from './file.js'
import { NumpyArray } from './pickle-numpy.js'
import { PickleDict, PickleError } from './pickle-values.js'
import { TorchTensor } from './torch-objects.js'

/** What a PyTorch file holds that can be used: the tensors of one dict, and plain values beside. */
export interface TorchContent {
  tensors: TensorTable
  /** Numbers, texts and booleans of that dict and those around it, NumPy scalars among them. */
  scalars: Map<string, number | bigint | string | boolean>
  arrays: Map<string, NumpyArray>
}

/** Keys under which checkpoints keep their state dict, most wanted first. */
const wrappers = ['state_dict', 'model_state_dict', 'model', 'generator', 'module']

/** How deep wrappers may be nested. */
const MAX_DEPTH = 4

/**
 * Takes the state dict out of what a file's pickle made. `locate` says where a tensor lies and
 * throws where its storage is not what the pickle claims.
 */
export function collectTensors(
  root: unknown,
  file: WeightsFile,
  locate: (tensor: TorchTensor) => TensorSource,
): TorchContent {
  const { dict, around } = findStateDict(root, file)
  const result: TorchContent = { tensors: new Map(), scalars: new Map(), arrays: new Map() }
  for (const [key, value] of around.flatMap(({ entries }) => [...entries])) {
    if (typeof key === 'string' && isScalar(value)) result.scalars.set(key, value)
  }
  const problems: string[] = []
  for (const [key, value] of dict.entries) {
    if (typeof key !== 'string') continue
    if (value instanceof TorchTensor) {
      try {
        result.tensors.set(key, locate(value))
      } catch (error) {
        if (!(error instanceof PickleError)) throw error
        problems.push(`${key}: ${error.message}`)
      }
    } else if (value instanceof NumpyArray) result.arrays.set(key, value)
    else if (isScalar(value)) result.scalars.set(key, value)
  }
  if (problems.length > 0) {
    throw new InvalidWeightsError(`${file.path}: damaged or unsupported tensors`, problems)
  }
  return result
}

/** The dict that holds the tensors, and the wrappers around it from the outside in. */
function findStateDict(root: unknown, file: WeightsFile) {
  const around: PickleDict[] = []
  let dict = root
  for (let depth = 0; depth < MAX_DEPTH && dict instanceof PickleDict; depth++) {
    const { entries } = dict
    const inner = wrappers.map((key) => entries.get(key)).find((v) => v instanceof PickleDict)
    if (!inner) break
    around.push(dict)
    dict = inner
  }
  if (!(dict instanceof PickleDict)) {
    throw new InvalidWeightsError(
      `${file.path}: holds no dictionary of tensors`,
      [],
      'Save the state_dict() of the model, not the model object.',
    )
  }
  for (const value of dict.entries.values()) {
    if (value instanceof TorchTensor || value instanceof NumpyArray) return { dict, around }
  }
  const keys = [...dict.entries.keys()].filter((key) => typeof key === 'string').slice(0, 20)
  throw new InvalidWeightsError(
    `${file.path}: holds no tensors at its top or under ${wrappers.join(', ')}; ` +
      `its keys are ${keys.length > 0 ? keys.map((key) => JSON.stringify(key)).join(', ') : 'none'}`,
  )
}

function isScalar(value: unknown): value is number | bigint | string | boolean {
  return ['number', 'bigint', 'string', 'boolean'].includes(typeof value)
}

/** Turns what the pickle machine throws into an error that names the file. */
export function inFile<T>(file: WeightsFile, what: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof PickleError)) throw error
    throw new InvalidWeightsError(
      `${file.path}: ${what}: ${error.message}`,
      [],
      'Use these weights as safetensors, from a source you trust.',
    )
  }
}
