import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidModelError, InvalidWeightsError } from '../errors.js'
import type { TensorTable } from '../native/tensor-table.js'
import { withFile } from './file.js'
import { readWeights } from './read.js'

export interface PartWeights {
  tensors: TensorTable
  /** The weights files, shards in the order of the index. */
  files: string[]
}

const MAX_INDEX_BYTES = 64 << 20

/** Base name and ending as diffusers and transformers write them, most wanted first. */
const forms = [
  ['diffusion_pytorch_model', 'safetensors'],
  ['model', 'safetensors'],
  ['diffusion_pytorch_model', 'bin'],
  ['pytorch_model', 'bin'],
]

/**
 * The weights of one part of a hub folder, as `unet/`: a single file, or shards with an index,
 * safetensors before pickles. With `variant`, the files of that variant and no others; without,
 * the plain files, or `fp16` where a folder has nothing else.
 */
export async function readPartWeights(
  dir: string,
  options: { variant?: string } = {},
): Promise<PartWeights> {
  const present = await listFolder(dir)
  const wanted: string[] = []
  for (const variant of options.variant ? [options.variant] : [undefined, 'fp16']) {
    const dot = variant === undefined ? '' : `.${variant}`
    for (const [base, ending] of forms) {
      const single = `${base}${dot}.${ending}`
      const index = `${base}.${ending}.index${dot}.json`
      wanted.push(single, index)
      if (present.has(single)) {
        const file = join(dir, single)
        return { tensors: await readWeights(file), files: [file] }
      }
      if (present.has(index)) return readShards(dir, index, ending)
    }
  }
  throw new InvalidModelError(
    `${dir}: has no weights; looked for ${wanted.join(', ')}`,
    present.size === 0
      ? 'The folder is empty: the download may be incomplete.'
      : `The folder has ${[...present].slice(0, 20).join(', ')}.`,
  )
}

async function listFolder(dir: string): Promise<Set<string>> {
  try {
    return new Set(await readdir(dir))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const what = code === 'ENOENT' ? 'there is no such folder' : `cannot be listed (${code})`
    throw new InvalidModelError(`${dir}: ${what}`)
  }
}

async function readShards(dir: string, indexName: string, ending: string): Promise<PartWeights> {
  const index = join(dir, indexName)
  const shardOf = await readIndex(index, ending)
  const shards = [...new Set(shardOf.values())]
  const problems: string[] = []
  for (const shard of shards) {
    const exists = await stat(join(dir, shard)).then(
      () => true,
      () => false,
    )
    if (!exists) problems.push(`missing shard: ${shard}`)
  }
  if (problems.length > 0) throw new InvalidWeightsError(`${index}: incomplete`, problems)

  const tensors: TensorTable = new Map()
  for (const shard of shards) {
    for (const [name, source] of await readWeights(join(dir, shard))) {
      if (tensors.has(name)) problems.push(`${name} is in more than one shard`)
      tensors.set(name, source)
    }
  }
  for (const [name, shard] of shardOf) {
    if (tensors.get(name)?.file !== join(dir, shard)) problems.push(`${name} is not in ${shard}`)
  }
  if (problems.length > 0) {
    throw new InvalidWeightsError(`${index}: the shards do not fit the index`, problems)
  }
  return { tensors, files: shards.map((shard) => join(dir, shard)) }
}

/** Tensor name → shard name. Shards lie beside the index: a name with a path in it is refused. */
async function readIndex(path: string, ending: string): Promise<Map<string, string>> {
  const text = await withFile(path, async (file) => {
    if (file.size > MAX_INDEX_BYTES) throw new InvalidWeightsError(`${path}: too large an index`)
    return (await file.read(0, file.size)).toString('utf8')
  })
  let map: unknown
  try {
    map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map
  } catch (error) {
    throw new InvalidWeightsError(`${path}: not valid JSON: ${(error as Error).message}`)
  }
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new InvalidWeightsError(`${path}: has no weight_map`)
  }
  const shardOf = new Map<string, string>()
  for (const [name, shard] of Object.entries(map)) {
    const plain =
      typeof shard === 'string' && /^[^/\\\0]+$/.test(shard) && shard.endsWith(`.${ending}`)
    if (!plain) {
      throw new InvalidWeightsError(
        `${path}: ${JSON.stringify(name)} names the shard ${JSON.stringify(shard)}, ` +
          `which is not the name of a .${ending} file in this folder`,
      )
    }
    shardOf.set(name, shard)
  }
  if (shardOf.size === 0) throw new InvalidWeightsError(`${path}: lists no tensors`)
  return shardOf
}
