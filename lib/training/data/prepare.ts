/** Computes the rows of clips and captions that are not there yet. */
import { AudioError } from '../../errors.js'
import { lookAhead } from '../../look-ahead.js'
import type { PreparationProgress } from '../events.js'
import { type ClipReader, clipKey, type Segment, type SegmentFormat } from './clip-audio.js'
import type { ClipEvents, TrainingClip } from './clips.js'
import type { FrozenParts } from './frozen-parts.js'
import type { RowStore } from './rows.js'
import { sha256 } from './settings-hash.js'

export interface Stores {
  text: RowStore
  moments: RowStore
  /** null where nothing is conditioned on sounds. */
  audio: RowStore | null
}

export interface PreparationEvents extends ClipEvents {
  onProgress(progress: PreparationProgress): void
}

export interface Preparation {
  stores: Stores
  parts: FrozenParts
  reader: ClipReader
  format: SegmentFormat
  events: PreparationEvents
  signal: AbortSignal
}

/** A clip with the numbers of its rows. */
export interface PreparedClip {
  clip: TrainingClip
  /** Of its content. */
  key: string
  moments: number
  /** null where it is not needed. */
  audio: number | null
  /** Of its captions. */
  texts: number[]
}

/** Texts computed between two writes. */
const textsAtOnce = 64
/** Clips read before their turn comes. */
const ahead = 8

/** Embeds what is not there; afterwards all of them are. Returns how many had been there. */
export async function prepareTexts(
  texts: readonly string[],
  { stores: { text: store }, parts, events, signal }: Preparation,
): Promise<number> {
  const all = new Map(texts.map((text) => [textKey(text), text]))
  const find = () => [...all].filter(([key]) => store.find(key) === undefined)
  if (find().length > 0) await store.lock(signal, waiting(events))
  const missing = find()
  const before = all.size - missing.length
  const progress = (done: number) =>
    events.onProgress({ stage: 'text', done: before + done, total: all.size })
  progress(0)
  let cut = 0
  for (let i = 0; i < missing.length; i += textsAtOnce) {
    const group = missing.slice(i, i + textsAtOnce)
    const { rows, truncated } = await parts.embedTexts(
      group.map(([, text]) => text),
      signal,
    )
    cut += truncated
    await store.append(group.map(([key], k) => ({ key, data: rows[k] })))
    progress(i + group.length)
  }
  if (cut > 0) {
    events.onWarning(`${cut} captions have more tokens than CLAP reads; their ends are ignored`)
  }
  return before
}

/**
 * Encodes what is not there. Clips that cannot be used are reported and left out.
 * Also returns how many had been there.
 */
export async function prepareClips(
  clips: readonly TrainingClip[],
  preparation: Preparation,
): Promise<{ clips: PreparedClip[]; cached: number }> {
  const { stores, events, signal } = preparation
  const lacks = (key: string) =>
    stores.moments.find(key) === undefined ||
    (stores.audio !== null && stores.audio.find(key) === undefined)
  const keys = await findKeys(clips, preparation)

  const isMissing = ([, key]: [TrainingClip, string]) => lacks(key)
  let missing = [...keys].filter(isMissing)
  if (missing.length > 0) {
    await stores.moments.lock(signal, waiting(events))
    await stores.audio?.lock(signal, waiting(events))
    missing = missing.filter(isMissing)
  }
  const cached = keys.size - missing.length
  const progress = (done: number) =>
    events.onProgress({ stage: 'audio', done: cached + done, total: keys.size })
  progress(0)
  await compute(missing, preparation, lacks, keys, progress)

  const prepared = [...keys].map(([clip, key]): PreparedClip => {
    const moments = stores.moments.find(key) as number
    const audio = stores.audio === null ? null : (stores.audio.find(key) as number)
    const texts = clip.captions.map((caption) => stores.text.find(textKey(caption)) as number)
    return { clip, key, moments, audio, texts }
  })
  return { clips: prepared, cached }
}

/** Reads, encodes and stores clips; those that fail are taken out of `keys`. */
async function compute(
  missing: [TrainingClip, string][],
  preparation: Preparation,
  lacks: (key: string) => boolean,
  keys: Map<TrainingClip, string>,
  progress: (done: number) => void,
): Promise<void> {
  const { parts, reader, format, events, signal } = preparation
  const read = async ([clip]: [TrainingClip, string]) => {
    try {
      const { hash, segment } = await reader.read(clip, format, null, signal)
      return { clip, key: clipKey(hash, clip), segment }
    } catch (error) {
      if (!(error instanceof AudioError)) throw error
      return { clip, reason: error.message }
    }
  }
  const skip = (clip: TrainingClip, reason: string) => {
    keys.delete(clip)
    events.onSkipped(clip.path, reason)
  }
  let batch: Encodable[] = []
  let done = 0
  for await (const result of lookAhead(missing, ahead, read, () => {})) {
    done++
    if (result.reason !== undefined) {
      skip(result.clip, result.reason)
    } else {
      // The file may have changed since it was hashed; and two clips may be the same sound.
      keys.set(result.clip, result.key)
      if (lacks(result.key) && !batch.some(({ key }) => key === result.key)) batch.push(result)
    }
    if (batch.length < parts.batchSize && done < missing.length) continue
    const failed = await encode(batch, preparation)
    for (const [clip, key] of keys) if (failed.has(key)) skip(clip, failed.get(key) as string)
    batch = []
    progress(done)
  }
}

interface Encodable {
  key: string
  segment: Segment
}

/** Keys of what the parts make no numbers of, with the reason. */
async function encode(
  batch: Encodable[],
  { stores, parts, signal }: Preparation,
): Promise<Map<string, string>> {
  const failed = new Map<string, string>()
  const put = async (
    store: RowStore,
    what: string,
    waveform: (segment: Segment) => Float32Array,
    compute: (waveforms: Float32Array[]) => Promise<Float32Array[]>,
  ) => {
    const lacking = batch.filter(({ key }) => store.find(key) === undefined && !failed.has(key))
    const rows = await compute(lacking.map(({ segment }) => waveform(segment)))
    const whole = lacking
      .map(({ key }, i) => ({ key, data: rows[i] }))
      .filter(({ key, data }) => {
        if (data.every(Number.isFinite)) return true
        failed.set(key, `${what} makes numbers of it that are not finite`)
        return false
      })
    await store.append(whole)
  }
  const { moments, audio } = stores
  await put(
    moments,
    'the autoencoder',
    ({ training }) => training,
    (waveforms) => parts.encode(waveforms, signal),
  )
  if (audio) {
    await put(
      audio,
      'CLAP',
      ({ heard }) => heard as Float32Array,
      (waveforms) => parts.embedAudio(waveforms, signal),
    )
  }
  return failed
}

/** Of the clips whose files can be read, in order. */
async function findKeys(
  clips: readonly TrainingClip[],
  { reader, events, signal }: Preparation,
): Promise<Map<TrainingClip, string>> {
  const keys = new Map<TrainingClip, string>()
  const find = async (clip: TrainingClip) => {
    try {
      return { clip, key: clipKey(await reader.hash(clip.path, signal), clip) }
    } catch (error) {
      if (!(error instanceof AudioError)) throw error
      return { clip, reason: error.message }
    }
  }
  let done = 0
  for await (const { clip, key, reason } of lookAhead(clips, ahead, find, () => {})) {
    if (key === undefined) events.onSkipped(clip.path, reason)
    else keys.set(clip, key)
    events.onProgress({ stage: 'files', done: ++done, total: clips.length })
  }
  return keys
}

export function textKey(text: string): string {
  return sha256(text)
}

function waiting({ onWarning }: PreparationEvents): (holder: string) => void {
  return (holder) => onWarning(`${holder} prepares the same data: waiting until it is done`)
}
