/** Reads a backbone's weights file and holds it against its architecture. */
import { InvalidWeightsError } from '../errors.js'
import type { TensorTable } from '../native/tensor-table.js'
import { byteLengthOf } from '../weights/extent.js'
import { withFile } from '../weights/file.js'
import { checkTensors } from '../weights/names.js'
import { readWeightsFile, type WeightsContent } from '../weights/read.js'
import { readSafetensorsMetadata } from '../weights/safetensors.js'
import type { Architecture, ArchitecturePlan } from './architecture.js'

export interface CheckedWeights {
  plan: ArchitecturePlan
  /** Exactly the tensors of the plan. */
  tensors: TensorTable
  /** What else the file has, of no use. */
  ignored: string[]
}

/** A file that no network was opened for yet. `hint`: where a good one is to be had. */
export async function readBackboneFile(path: string, hint: string): Promise<WeightsContent> {
  return hinted(hint, () => readWeightsFile(path))
}

/**
 * Every tensor of the file is used or ignored by name, or the error lists all that do not fit.
 * @throws InvalidWeightsError
 */
export async function checkWeights(
  path: string,
  architecture: Architecture,
  content: WeightsContent,
): Promise<CheckedWeights> {
  const plan = architecture.plan(content.tensors)
  const tensors: TensorTable = new Map()
  const ignored = [...content.arrays.keys()]
  for (const [name, source] of content.tensors) {
    if (plan.ignored.test(name)) ignored.push(name)
    else tensors.set(name, source)
  }
  await hinted(architecture.published, async () => {
    checkTensors(tensors, plan.tensors, path)
    await checkClaim(path, tensors)
  })
  return { plan, tensors, ignored }
}

/** A tensor may repeat its elements: a few bytes can claim more than any memory holds. */
export async function checkClaim(path: string, tensors: TensorTable): Promise<void> {
  const claimed = [...tensors.values()].reduce((sum, source) => sum + byteLengthOf(source), 0)
  const size = await withFile(path, async (file) => file.size)
  if (!(claimed <= size)) {
    throw new InvalidWeightsError(
      `${path}: its tensors claim ${claimed} bytes in a file of ${size}: their elements overlap`,
    )
  }
}

/** Files for tests say that nobody trained them, in the state dict or in safetensors metadata. */
export async function saysRandom(path: string, content: WeightsContent): Promise<boolean> {
  return says(RANDOM_MARK, path, content)
}

/** The classifiers of the package say that what they give is theirs alone. */
export async function saysSmall(path: string, content: WeightsContent): Promise<boolean> {
  return says(SMALL_MARK, path, content)
}

export const RANDOM_MARK = '_audioldm_random_weights'
export const SMALL_MARK = '_audioldm_small_classifier'

async function says(mark: string, path: string, content: WeightsContent): Promise<boolean> {
  if (content.format !== 'safetensors') return content.scalars.get(mark) === true
  return (await readSafetensorsMetadata(path)).get(mark) === 'true'
}

async function hinted<T>(hint: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof InvalidWeightsError ? Object.assign(error, { hint }) : error
  }
}
