/** One side of a comparison: goes through its clips and gathers what the metrics need. */
import { AudioError, EngineError } from '../../errors.js'
import type { Skipped } from '../../files/walk.js'
import { Rows } from '../../metrics/rows.js'
import {
  disposeStatistics,
  type Statistics,
  StatisticsAccumulator,
} from '../../metrics/statistics.js'
import type { Calculator } from '../../native/calculator.js'
import type { Extractor } from '../features/extractor.js'
import type { ClipFacts, StoredArray, StoredFeatures } from '../features/feature-cache.js'
import { type ExtractOptions, extractFeatures, type ReadClip } from '../features/features.js'
import type { Session } from '../features/session.js'
import type { ResolvedSet } from '../inputs/inputs.js'
import { loadStatistics, type SavedStatistics } from './statistics-file.js'

/** Of the outputs of one backbone. */
export interface Gathering {
  extractor: Extractor
  statistics?: boolean
  rows?: boolean
  logits?: boolean
}

export interface Wanted {
  gatherings: Gathering[]
  /** The backbones whose saved statistics are merged with what is gathered. */
  merge: string[]
}

export interface Side extends ResolvedSet {
  option: string
  saved: SavedStatistics[]
  /** Those whose rows are among the clips. */
  withRows: SavedStatistics[]
}

export interface ClipProgress {
  done: number
  total: number
  path: string
  /** Whether all its features were there from before. */
  cached: boolean
}

export interface SideEvents {
  onClip(progress: ClipProgress): void
  onSkipped(skipped: Skipped): void
}

/** What was gathered. `dispose` frees the statistics. */
export class SideFeatures {
  /** Clips that could be read, and those that saved statistics are of. */
  count = 0
  /** Features now computed and found in the cache, counted per backbone. */
  computed = 0
  cached = 0
  readonly skipped: Skipped[]
  /** By index into the side's clips; absent for skipped ones. */
  readonly facts = new Map<number, ClipFacts>()
  /** sha256 of the clips' content. */
  readonly hashes = new Map<number, string>()
  readonly rows = new Map<string, Rows>()
  readonly logits = new Map<string, Rows>()
  readonly statistics = new Map<string, Statistics>()

  constructor(skipped: Skipped[]) {
    this.skipped = [...skipped]
  }

  dispose(): void {
    for (const each of this.statistics.values()) disposeStatistics(each)
  }
}

/** @throws AudioError when not one clip can be read. */
export async function gatherSide(
  session: Session,
  side: Side,
  { gatherings, merge }: Wanted,
  options: Omit<ExtractOptions, 'extractors'>,
  events: SideEvents,
): Promise<SideFeatures> {
  const { calculator } = session
  const result = new SideFeatures(side.skipped)
  for (const skipped of side.skipped) events.onSkipped(skipped)
  const accumulators = new Map<string, StatisticsAccumulator>()
  try {
    const extractors = gatherings.map((gathering) => gathering.extractor)
    let done = 0
    for await (const clip of extractFeatures(session, side.clips, { ...options, extractors })) {
      const { path } = side.clips[clip.index]
      if ('skipped' in clip) {
        result.skipped.push({ path, reason: clip.skipped })
        events.onSkipped({ path, reason: clip.skipped })
      } else {
        await include(result, accumulators, gatherings, clip, calculator)
        result.computed += clip.computed
        result.cached += extractors.length - clip.computed
      }
      const cached = extractors.length > 0 && !('skipped' in clip) && clip.computed === 0
      events.onClip({ done: ++done, total: side.clips.length, path, cached })
    }
    requireClips(side, result)
    await mergeSaved(side.saved, merge, accumulators, calculator)
    for (const [name, accumulator] of accumulators) {
      const total = await accumulator.finish()
      if (total) result.statistics.set(name, total)
    }
    for (const file of side.saved) result.count += file.clips
    return result
  } catch (error) {
    result.dispose()
    throw error
  } finally {
    for (const accumulator of accumulators.values()) accumulator.dispose()
  }
}

async function include(
  result: SideFeatures,
  accumulators: Map<string, StatisticsAccumulator>,
  gatherings: Gathering[],
  { index, hash, features, facts }: ReadClip,
  calculator: Calculator,
): Promise<void> {
  result.count++
  result.facts.set(index, facts)
  result.hashes.set(index, hash)
  for (const gathering of gatherings) {
    const { name } = gathering.extractor
    const { embedding, logits } = features.get(name) as StoredFeatures
    const dimension = widthOf(embedding)
    if (gathering.statistics) {
      const accumulator = accumulators.get(name) ?? new StatisticsAccumulator(calculator, dimension)
      accumulators.set(name, accumulator)
      checkWidth(name, dimension, accumulator.dimension)
      await accumulator.add(embedding.data)
    }
    if (gathering.rows) append(result.rows, name, index, embedding)
    if (gathering.logits && logits) append(result.logits, name, index, logits)
  }
}

function append(tables: Map<string, Rows>, name: string, index: number, array: StoredArray): void {
  const rows = tables.get(name) ?? new Rows(widthOf(array))
  tables.set(name, rows)
  checkWidth(name, widthOf(array), rows.dimension)
  rows.append(index, array.data)
}

function widthOf({ shape }: StoredArray): number {
  return shape[shape.length - 1]
}

function checkWidth(name: string, width: number, expected: number): void {
  if (width === expected) return
  throw new EngineError(`${name} gave rows of ${width} numbers after rows of ${expected}`)
}

function requireClips({ option, clips, saved }: Side, result: SideFeatures): void {
  if (clips.length === 0 || result.count > 0) return
  const reasons = result.skipped.filter(({ path }) => clips.some((clip) => clip.path === path))
  const some = reasons.slice(0, 5).map(({ path, reason }) => `\n  ${path}: ${reason}`)
  const more = reasons.length > 5 ? `\n  and ${reasons.length - 5} more` : ''
  const what = clips.length === 1 ? 'the only clip' : `none of the ${clips.length} clips`
  const verb = clips.length === 1 ? 'cannot be read' : 'can be read'
  if (saved.length > 0) return
  throw new AudioError(`${option}: ${what} ${verb}${some.join('')}${more}`)
}

async function mergeSaved(
  saved: SavedStatistics[],
  names: string[],
  accumulators: Map<string, StatisticsAccumulator>,
  calculator: Calculator,
): Promise<void> {
  for (const name of names) {
    for (const file of saved) {
      const loaded = await loadStatistics(file, name, calculator)
      const width = loaded.mean.shape[0]
      const accumulator = accumulators.get(name) ?? new StatisticsAccumulator(calculator, width)
      accumulators.set(name, accumulator)
      checkWidth(`${file.path}: ${name}`, width, accumulator.dimension)
      await accumulator.merge(loaded)
    }
  }
}
