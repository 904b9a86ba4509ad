import { InvalidWeightsError } from '../errors.js'
import type { DType, TensorTable } from '../native/tensor-table.js'

/** Buffers that files may hold, with garbage in them, and that we compute ourselves. */
const recomputed =
  /(^|\.)(position_ids|token_type_ids|relative_position_index|num_batches_tracked)$/

/** The attention of a VAE. A transformer's own attention lies deeper and never matches. */
const vaeAttention =
  /^(.*\.attentions\.\d+)\.(query|key|value|proj_attn|to_q|to_k|to_v|to_out\.0)\.(weight|bias)$/

const newNames = new Map([
  ['query', 'to_q'],
  ['key', 'to_k'],
  ['value', 'to_v'],
  ['proj_attn', 'to_out.0'],
])

/**
 * One generation of names: VAE attention as `to_q`, `to_k`, `to_v`, `to_out.0` with [C, C] weights
 * (older files say `query`, `key`, `value`, `proj_attn`, originals keep them as 1×1 convolutions),
 * and no buffers that are recomputed. Two names for one tensor are an error.
 */
export function normalizeNames(table: TensorTable, where: string): TensorTable {
  const normalized: TensorTable = new Map()
  const problems: string[] = []
  for (const [name, source] of table) {
    if (recomputed.test(name)) continue
    const attention = vaeAttention.exec(name)
    if (!attention) {
      normalized.set(name, source)
      continue
    }
    const [, prefix, part, kind] = attention
    const renamed = `${prefix}.${newNames.get(part) ?? part}.${kind}`
    if (normalized.has(renamed)) problems.push(`${renamed} is there under two names`)
    const { shape } = source
    const squeezes = shape.length === 4 && shape[2] === 1 && shape[3] === 1
    normalized.set(
      renamed,
      squeezes
        ? { ...source, shape: shape.slice(0, 2), strides: source.strides.slice(0, 2) }
        : source,
    )
  }
  if (problems.length > 0) {
    throw new InvalidWeightsError(`${where}: the weights are ambiguous`, problems)
  }
  return normalized
}

const floating: DType[] = ['float64', 'float32', 'float16', 'bfloat16']

/**
 * Compares names, shapes and types with what an architecture expects, before anything is
 * materialised: a few bytes of strides can claim terabytes. Lists everything that does not fit.
 * `optional` names may be there and are not looked at.
 */
export function checkTensors(
  table: TensorTable,
  expected: Map<string, number[]>,
  where: string,
  optional: Set<string> = new Set(),
): void {
  const problems: string[] = []
  for (const [name, shape] of expected) {
    const source = table.get(name)
    if (!source) {
      problems.push(`missing: ${name} [${shape.join(', ')}]`)
      continue
    }
    if (source.shape.length !== shape.length || source.shape.some((n, i) => n !== shape[i])) {
      problems.push(
        `wrong shape: ${name} is [${source.shape.join(', ')}], expected [${shape.join(', ')}]`,
      )
    }
    if (!floating.includes(source.dtype)) {
      problems.push(`wrong type: ${name} holds ${source.dtype}, weights are floating-point numbers`)
    }
  }
  for (const name of table.keys()) {
    if (!expected.has(name) && !optional.has(name)) problems.push(`unexpected: ${name}`)
  }
  if (problems.length > 0) {
    throw new InvalidWeightsError(
      `${where}: the weights do not fit the architecture (${problems.length} problems)`,
      problems,
      'Check that config.json and the weights belong together.',
    )
  }
}
