import { z } from 'zod'
import { waveformProtocol } from '../audio/waveform-protocol.js'
import { InvalidOptionError } from '../errors.js'
import type { Skipped } from '../files/walk.js'
import { checkWritable } from '../files/write-file.js'
import { Job } from '../job.js'
import type { Rows } from '../metrics/rows.js'
import type { Statistics } from '../metrics/statistics.js'
import { expecting, integerIn, parseOptions } from '../options.js'
import type { TensorBytes } from '../weights/safetensors-writer.js'
import type { Extractor } from './features/extractor.js'
import { Session } from './features/session.js'
import { type AudioSet, checkAudioSet } from './inputs/inputs.js'
import { checkShard, type Shard, takeShard } from './inputs/shard.js'
import type { FeatureOptions } from './options.js'
import { batchSizeOf, checkSaved, makeExtractors, openSide } from './prepare-run.js'
import type { FeatureProtocol } from './protocol/protocol.js'
import { featureShape, givenBackbones, orSmallClassifiers, type Role } from './schema.js'
import { isSavedClip, type RowsToSave, rowTensors } from './statistics/saved-rows.js'
import { type ClipProgress, gatherSide, type Side, type SideFeatures } from './statistics/side.js'
import {
  checkProtocol,
  type SavedStatistics,
  saveStatisticsFile,
} from './statistics/statistics-file.js'

export interface SaveStatisticsOptions extends FeatureOptions {
  /** Sounds, or statistics saved before, or both; statistics are merged exactly. */
  audio: AudioSet
  /** The file to write, `.safetensors`. */
  output: string
  /**
   * Takes only every `count`-th clip of the sorted set, beginning with number `index`, 0 … count − 1:
   * one process each, whose files are merged afterwards.
   */
  shard?: Shard
  /**
   * Saves the rows of every clip too, and what the clips are, so that metrics of rows and pairs need
   * no sounds either. Default: false.
   */
  rows?: boolean
  /** Of the file, in your words; results that it served for repeat them. */
  license?: string
}

export type SaveStatisticsEvent =
  | ({ type: 'step' } & ClipProgress)
  | ({ type: 'skipped' } & Skipped)
  | { type: 'warning'; message: string }

export interface SaveStatisticsResult {
  /** The file that was written. */
  path: string
  /** Clips that the statistics are of. */
  count: number
  skipped: Skipped[]
  /** By the name of the backbone: how many rows, of how many numbers. */
  backbones: Record<string, { rows: number; dimension: number; protocol: FeatureProtocol }>
  /** Features of a clip by a network: those computed in this run, and those found in the cache. */
  features: { computed: number; cached: number }
}

const schema = z.strictObject({
  ...featureShape,
  audio: z.unknown(),
  output: z
    .string(expecting('a path'))
    .regex(/\.safetensors$/i, expecting('a path that ends in .safetensors')),
  rows: z.boolean(expecting('true or false')).default(false),
  license: z.string(expecting('a text')).min(1, { error: 'is empty' }).max(10_000).optional(),
  shard: z.strictObject({ index: integerIn(0, 99_999), count: integerIn(1, 100_000) }).optional(),
})

/**
 * Saves mean and covariance of the features of a set of sounds, as a reference that `score` takes in
 * place of the sounds, for fd, fad and fad-infinity, and with `rows` for all metrics that do not
 * compare waveforms. For every network whose weights are given, or without any for the small
 * classifiers of the package; statistics alone are merged without any.
 * @throws InvalidOptionError at once or from the job, which also rejects with InvalidWeightsError,
 * AudioError (no clip can be read), OutputError, NativeLoadError, DeviceUnavailableError,
 * EngineError, AbortError
 */
export function saveStatistics(
  options: SaveStatisticsOptions,
): Job<SaveStatisticsEvent, SaveStatisticsResult> {
  const { signal, ...parsed } = parseOptions(schema, options)
  const audio = checkAudioSet('audio', parsed.audio)
  const explicit = givenBackbones(parsed)
  const { shard, output } = parsed
  if (shard) checkShard(shard)

  return new Job(async (control) => {
    await checkWritable(output)
    const side = await openSide('audio', audio, true, control.signal)
    if (shard) applyShard(side, shard)
    // What is only merged needs no network.
    const heard = side.clips.some((clip) => !isSavedClip(clip))
    const bare = heard && Object.keys(explicit.specs).length === 0
    const given = bare ? orSmallClassifiers(explicit) : explicit
    const roles = Object.keys(given.specs) as Role[]
    if (roles.length === 0) withoutRows(side, parsed.rows)
    if (side.clips.length > 0 && roles.length === 0) {
      throw new InvalidOptionError('panns', `no weights of ${parsed.backbone} are given`)
    }
    const warn = (message: string) => control.emit({ type: 'warning', message })
    const session = new Session(parsed, control.signal, warn)
    let gathered: SideFeatures | undefined
    try {
      const waveform = waveformProtocol(parsed.mono, parsed.resampler)
      const made = await makeExtractors(session, given, roles, waveform, warn)
      const extractors = [...made.values()]
      checkSaved(side, extractors)
      const protocols =
        roles.length > 0 ? extractors.map((each) => each.protocol) : commonProtocols(side.saved)
      gathered = await gatherSide(
        session,
        side,
        {
          gatherings: extractors.map((extractor) => ({
            ...{ extractor, statistics: true, rows: parsed.rows, logits: parsed.rows },
          })),
          merge: protocols.map(({ backbone }) => backbone),
        },
        { batchSize: batchSizeOf(parsed, session) },
        {
          onClip: (progress) => control.emit({ type: 'step', ...progress }),
          onSkipped: (skipped) => control.emit({ type: 'skipped', ...skipped }),
        },
      )
      const others = parsed.rows ? rowTensors(rowsOf(side, gathered, extractors)) : []
      return await save(parsed, gathered, protocols, others)
    } finally {
      gathered?.dispose()
      await session.close()
    }
  }, signal)
}

/** Without networks, files with rows are statistics to be merged as any. */
function withoutRows(side: Side, wanted: boolean): void {
  if (side.clips.every(isSavedClip)) {
    side.saved.push(...side.withRows.splice(0))
    side.clips = []
  }
  if (wanted && side.clips.length === 0) {
    const hint = 'give the weights that the rows were made with'
    throw new InvalidOptionError('rows', 'without weights statistics alone are merged', hint)
  }
}

function rowsOf(side: Side, features: SideFeatures, extractors: Extractor[]): RowsToSave {
  const [alone] = side.saved
  if (alone) {
    const message = `${alone.path} has statistics and no rows`
    throw new InvalidOptionError('rows', message, 'make it again with rows')
  }
  return {
    clips: [...features.facts].map(([index, facts]) => ({
      name: side.clips[index].name,
      hash: features.hashes.get(index) as string,
      facts,
    })),
    backbones: extractors.map(({ name, description }) => ({
      name,
      rows: features.rows.get(name) as Rows,
      frames: description.frames !== false,
      logits: features.logits.get(name),
    })),
  }
}

function applyShard(side: Side, shard: Shard): void {
  if (side.saved.length > 0) {
    throw new InvalidOptionError('shard', 'is for sounds: statistics are merged by one process')
  }
  const total = side.clips.length
  side.clips = takeShard(side.clips, shard)
  if (side.clips.length > 0) return
  const { index, count } = shard
  throw new InvalidOptionError(
    'shard',
    `number ${index} of ${count} has no clip: there are ${total}`,
  )
}

/** What the files were computed with, which must be the same in all. */
function commonProtocols([first, ...others]: SavedStatistics[]): FeatureProtocol[] {
  const protocols = [...first.backbones.values()].map(({ protocol }) => protocol)
  for (const other of others) {
    const names = [...other.backbones.keys()].sort().join(', ')
    const wanted = [...first.backbones.keys()].sort().join(', ')
    if (names !== wanted) {
      const message = `${first.path} has statistics of ${wanted}, ${other.path} of ${names}`
      throw new InvalidOptionError('audio', message)
    }
    for (const protocol of protocols) checkProtocol('audio', other, protocol)
  }
  return protocols
}

async function save(
  { output: path, license }: { output: string; license?: string },
  features: SideFeatures,
  protocols: FeatureProtocol[],
  others: [string, TensorBytes][],
): Promise<SaveStatisticsResult> {
  const entries = protocols.map((protocol) => {
    const statistics = features.statistics.get(protocol.backbone) as Statistics
    return { protocol, statistics }
  })
  await saveStatisticsFile(path, { clips: features.count, entries, license, others })
  const { count, skipped, computed, cached } = features
  const backbones = Object.fromEntries(
    entries.map(({ protocol, statistics }) => [
      protocol.backbone,
      { rows: statistics.count, dimension: statistics.mean.shape[0], protocol },
    ]),
  )
  return { path, count, skipped, backbones, features: { computed, cached } }
}
