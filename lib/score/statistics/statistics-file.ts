/**
 * Saved statistics: a safetensors file with `<backbone>.mean` [d] and `<backbone>.factor` [r, d] in
 * float64 for every backbone, and in `__metadata__` the protocol they were computed with. Where rows
 * were saved too, `saved-rows.ts` says what else is in it.
 */
import { z } from 'zod'
import { monoRules, resamplerNames } from '../../audio/waveform-protocol.js'
import { hashTensorBytes, hashTensors } from '../../backbones/content.js'
import { InvalidOptionError, InvalidWeightsError } from '../../errors.js'
import { packageVersion } from '../../files/paths.js'
import type { Statistics } from '../../metrics/statistics.js'
import type { NativeTensor } from '../../native/binding.js'
import type { Calculator } from '../../native/calculator.js'
import type { DType, TensorSource, TensorTable } from '../../native/tensor-table.js'
import { readSafetensors, readSafetensorsMetadata } from '../../weights/safetensors.js'
import { type TensorBytes, writeSafetensors } from '../../weights/safetensors-writer.js'
import { readTensor } from '../../weights/tensor.js'
import { type FeatureProtocol, protocolDifferences } from '../protocol/protocol.js'

const format = 'audioldm-statistics-1'
const countSchema = z.int().min(1)
// What a later version adds decides numbers too: it is kept, and compared.
const protocolSchema = z.looseObject({
  backbone: z.string().min(1),
  sampleRate: z.int(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  mono: z.enum(monoRules),
  removeMean: z.boolean(),
  resampler: z.object({
    name: z.enum(resamplerNames),
    lowpassFilterWidth: z.number(),
    rolloff: z.number(),
    beta: z.number(),
  }),
  minSamples: z.int(),
  repeatpad: z.int().optional(),
  whole: z.boolean().optional(),
})
const contentSchema = z.object({
  clips: countSchema,
  version: z.string(),
  license: z.string().optional(),
  /** Of the tensors, by which a flipped bit is told: hashTensors(). */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  backbones: z.record(z.string().min(1), z.object({ rows: countSchema, protocol: protocolSchema })),
})

export interface SavedStatistics {
  path: string
  /** Of how many clips. */
  clips: number
  /** Of the file, in the words of who made it. */
  license?: string
  backbones: Map<string, { rows: number; protocol: FeatureProtocol }>
  tensors: TensorTable
}

export interface StatisticsToSave {
  protocol: FeatureProtocol
  statistics: Statistics
}

export interface FileToSave {
  clips: number
  entries: StatisticsToSave[]
  license?: string
  /** What stands in it beside the statistics. */
  others?: [string, TensorBytes][]
}

export async function saveStatisticsFile(
  path: string,
  { clips, entries, license, others = [] }: FileToSave,
): Promise<void> {
  const tensors: [string, TensorBytes][] = entries.flatMap(({ protocol, statistics }) => [
    [`${protocol.backbone}.mean`, bytesOf(statistics.mean)],
    [`${protocol.backbone}.factor`, bytesOf(statistics.factor)],
  ])
  const backbones = Object.fromEntries(
    entries.map(({ protocol, statistics }) => [
      protocol.backbone,
      { rows: statistics.count, protocol },
    ]),
  )
  const all = [...tensors, ...others]
  const sha256 = hashTensorBytes(all)
  const content = JSON.stringify({ clips, version: packageVersion(), license, sha256, backbones })
  await writeSafetensors(path, all, { metadata: { format, content } })
}

function bytesOf(tensor: NativeTensor): TensorBytes {
  return { dtype: 'float64', shape: tensor.shape, data: tensor.data() as Float64Array }
}

/** Reads what a file says of itself, and whether its numbers are whole; they are read when needed. */
export async function openStatisticsFile(path: string): Promise<SavedStatistics> {
  const metadata = await readSafetensorsMetadata(path)
  if (metadata.get('format') !== format) {
    throw new InvalidWeightsError(
      `${path}: holds no saved statistics`,
      [],
      'statistics are made with: audioldm stats DIR -o FILE.safetensors',
    )
  }
  const json = parseJson(path, 'its description', metadata.get('content') ?? '')
  const content = contentSchema.safeParse(json)
  if (!content.success) {
    const { path: at, message } = content.error.issues[0]
    throw damaged(path, `its description is wrong at '${at.join('.')}': ${message}`)
  }
  const { clips, license, backbones } = content.data
  for (const [name, { protocol }] of Object.entries(backbones)) {
    if (protocol.backbone !== name) throw damaged(path, `${name} has another backbone's protocol`)
  }
  const tensors = await readSafetensors(path)
  if ((await hashTensors(tensors)) !== content.data.sha256) {
    throw damaged(path, 'its numbers are not those that were saved: another SHA-256')
  }
  const entries = new Map(Object.entries(backbones))
  return { path, clips, ...(license && { license }), backbones: entries, tensors }
}

/** @throws InvalidOptionError listing every field in which its protocol is another one. */
export function checkProtocol(
  option: string,
  file: SavedStatistics,
  wanted: FeatureProtocol,
): void {
  const found = file.backbones.get(wanted.backbone)
  const { path } = file
  if (found === undefined) {
    const others = [...file.backbones.keys()].join(', ')
    throw new InvalidOptionError(
      option,
      `${path} has no statistics of ${wanted.backbone}: ${others}`,
    )
  }
  const differences = protocolDifferences(found.protocol, wanted)
  if (differences.length === 0) return
  throw new InvalidOptionError(
    option,
    `the ${wanted.backbone} statistics of ${path} were computed differently\n  ${differences.join('\n  ')}`,
    'use the same weights and options as for the statistics, or make them again',
  )
}

/** The caller frees the result. */
export async function loadStatistics(
  file: SavedStatistics,
  backbone: string,
  calculator: Calculator,
): Promise<Statistics> {
  const { path } = file
  const count = file.backbones.get(backbone)?.rows as number
  const mean = tensorOf(file, `${backbone}.mean`, 'float64', 1)
  const factor = tensorOf(file, `${backbone}.factor`, 'float64', 2)
  const [dimension] = mean.shape
  if (factor.shape[1] !== dimension) {
    throw damaged(path, `the mean of ${backbone} is [${mean.shape}], its factor [${factor.shape}]`)
  }
  const tensor = async (name: string, source: TensorSource) => {
    const values = (await readTensor(source)) as Float64Array
    if (!values.every(Number.isFinite))
      throw damaged(path, `${name} has values that are not finite`)
    return calculator.tensor(values, source.shape)
  }
  return {
    count,
    mean: await tensor(`${backbone}.mean`, mean),
    factor: await tensor(`${backbone}.factor`, factor),
  }
}

export function tensorOf(
  file: SavedStatistics,
  name: string,
  wanted: DType,
  dimensions: number,
): TensorSource {
  const source = file.tensors.get(name)
  if (source === undefined) throw damaged(file.path, `there is no tensor ${name}`)
  const { dtype, shape } = source
  if (dtype !== wanted || shape.length !== dimensions || shape.includes(0)) {
    const expected = `${wanted} of ${dimensions} dimensions`
    throw damaged(file.path, `${name} is ${dtype} [${shape}], not ${expected}`)
  }
  return source
}

export function parseJson(path: string, what: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw damaged(path, `${what} is no JSON`)
  }
}

export function damaged(path: string, what: string): InvalidWeightsError {
  const hint = 'copy the file again, or make it again with: audioldm stats'
  return new InvalidWeightsError(`${path}: damaged statistics: ${what}`, [], hint)
}
