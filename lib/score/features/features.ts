/** Clips in, features out, in order: decoding runs ahead of the networks, cached work is not done. */

import type { ClipSource } from '../../audio/clip-source.js'
import type { DecodedAudio } from '../../audio/decoded-audio.js'
import { prepareWaveform } from '../../audio/prepare-waveform.js'
import type { BackboneFeatures } from '../../backbones/backbone.js'
import { AudioError } from '../../errors.js'
import { lookAhead } from '../../look-ahead.js'
import type { NativeTensor } from '../../native/binding.js'
import { isSavedClip, type SavedClip } from '../statistics/saved-rows.js'
import type { Extractor } from './extractor.js'
import type { ClipFacts, StoredFeatures } from './feature-cache.js'
import type { Session } from './session.js'

export interface ReadClip {
  index: number
  /** sha256 of its content. */
  hash: string
  facts: ClipFacts
  /** By the backbone's name. */
  features: Map<string, StoredFeatures>
  /** How many of them were computed now; the others were cached. */
  computed: number
}

export type ExtractedClip = ReadClip | { index: number; skipped: string }

/** Samples at a network's rate, 17 minutes at 16 kHz; its memory grows with them by the gigabyte. */
const maxWaveform = 2 ** 24

interface LoadedClip {
  index: number
  skipped?: string
  hash: string
  features: Map<string, StoredFeatures>
  /** Of the extractors whose features are not cached. */
  missing: Extractor[]
  /** By the extractor's `waveformKey`. */
  waveforms: Map<string, NativeTensor>
  facts: ClipFacts
}

export interface ExtractOptions {
  extractors: Extractor[]
  batchSize: number
}

/**
 * Features of every clip, in the order of `clips`; a clip that cannot be read is `skipped` with its
 * reason. Ending the loop early stops the work.
 */
export async function* extractFeatures(
  session: Session,
  clips: readonly ClipSource[],
  options: ExtractOptions,
): AsyncGenerator<ExtractedClip, void, undefined> {
  const { batchSize } = options
  const load = (clip: ClipSource, index: number) => loadClip(session, clip, index, options)
  let batch: LoadedClip[] = []
  try {
    for await (const clip of lookAhead(clips, 2 * batchSize + 4, load, discard)) {
      batch.push(clip)
      if (batch.length < batchSize) continue
      yield* finish(session, batch)
      batch = []
    }
    yield* finish(session, batch)
  } finally {
    batch.forEach(discard)
  }
}

function discard(clip: LoadedClip): void {
  for (const waveform of clip.waveforms.values()) waveform.dispose()
  clip.waveforms.clear()
}

async function loadClip(
  session: Session,
  clip: ClipSource,
  index: number,
  { extractors }: ExtractOptions,
): Promise<LoadedClip> {
  const { reader, cache, signal } = session
  const loaded: LoadedClip = {
    index,
    hash: '',
    features: new Map(),
    missing: extractors,
    waveforms: new Map(),
    facts: { durationSeconds: 0, sampleRate: 0, channels: 0 },
  }
  try {
    if (isSavedClip(clip)) return await loadSaved(loaded, clip, session)
    if (session.caching && extractors.length > 0) {
      loaded.hash = await clip.hash(reader, signal)
      for (const { name, key } of extractors) {
        const found = await cache.get(loaded.hash, key)
        if (found === undefined) continue
        loaded.features.set(name, found)
        const { durationSeconds, sampleRate, channels } = found
        loaded.facts = { durationSeconds, sampleRate, channels }
      }
      loaded.missing = extractors.filter(({ name }) => !loaded.features.has(name))
      if (loaded.missing.length === 0) return loaded
    }
    const { hash, audio } = await clip.read(reader, signal)
    // A file may have changed since: its features go where its bytes say.
    if (hash !== loaded.hash) {
      loaded.features.clear()
      loaded.missing = extractors
    }
    loaded.hash = hash
    const { channels, sampleRate } = audio
    const [{ length }] = channels
    loaded.facts = {
      durationSeconds: length / sampleRate,
      sampleRate,
      channels: channels.length,
    }
    await prepareWaveforms(session, loaded, audio)
    return loaded
  } catch (error) {
    discard(loaded)
    if (error instanceof AudioError) return { ...loaded, missing: [], skipped: error.message }
    throw error
  }
}

async function loadSaved(
  loaded: LoadedClip,
  clip: SavedClip,
  { reader, signal }: Session,
): Promise<LoadedClip> {
  loaded.hash = await clip.hash(reader, signal)
  for (const { name } of loaded.missing) {
    const found = await clip.stored(name)
    loaded.features.set(name, found)
    const { durationSeconds, sampleRate, channels } = found
    loaded.facts = { durationSeconds, sampleRate, channels }
  }
  return { ...loaded, missing: [] }
}

async function prepareWaveforms(
  { calculator }: Session,
  loaded: LoadedClip,
  audio: DecodedAudio,
): Promise<void> {
  for (const { waveformKey, protocol } of loaded.missing) {
    if (loaded.waveforms.has(waveformKey)) continue
    // Where a part alone is heard, any length will do.
    if (protocol.repeatpad === undefined || protocol.whole) {
      requireLength(loaded.facts.durationSeconds, protocol.sampleRate)
    }
    loaded.waveforms.set(waveformKey, await prepareWaveform(calculator, audio, protocol))
  }
}

function requireLength(seconds: number, rate: number): void {
  if (seconds * rate <= maxWaveform) return
  const limit = `${Math.floor(maxWaveform / rate)} s at most`
  throw new AudioError(`is too long: ${Math.round(seconds)} s, ${limit}`)
}

async function* finish(session: Session, batch: LoadedClip[]): AsyncGenerator<ExtractedClip> {
  const computed = batch.map(({ missing }) => missing.length)
  for (const group of groups(batch)) await embed(session, group)
  for (const [i, { index, skipped, hash, features, facts }] of batch.entries()) {
    discard(batch[i])
    if (skipped !== undefined) yield { index, skipped }
    else yield { index, hash, facts, features, computed: computed[i] }
  }
}

interface Group {
  extractor: Extractor
  clips: LoadedClip[]
  length: number
}

/** Clips that a network can take together: their waveforms are of one length. */
function groups(batch: LoadedClip[]): Iterable<Group> {
  const found = new Map<string, Group>()
  for (const clip of batch) {
    for (const extractor of clip.missing) {
      const { shape } = clip.waveforms.get(extractor.waveformKey) as NativeTensor
      const key = `${extractor.key} ${shape[0]}`
      const group = found.get(key)
      if (group) group.clips.push(clip)
      else found.set(key, { extractor, clips: [clip], length: shape[0] })
    }
  }
  return found.values()
}

async function embed(session: Session, { extractor, clips, length }: Group): Promise<void> {
  const { calculator, cache, signal } = session
  const backbone = await extractor.backbone()
  const data = new Float32Array(clips.length * length)
  clips.forEach(({ waveforms }, i) => {
    data.set(waveforms.get(extractor.waveformKey)?.data() as Float32Array, i * length)
  })
  const input = calculator.tensor(data, [clips.length, length])
  let results: BackboneFeatures
  try {
    results = await backbone.embed(input, signal)
  } finally {
    input.dispose()
  }
  const embedding = split(results.embedding, clips.length)
  const logits = results.logits && split(results.logits, clips.length)
  for (const [i, clip] of clips.entries()) {
    const features: StoredFeatures = {
      embedding: embedding[i],
      ...(logits && { logits: logits[i] }),
      ...clip.facts,
    }
    clip.features.set(extractor.name, features)
    await cache.put(clip.hash, extractor.key, features)
  }
}

/** The part of every clip of a batch; frees the batch. */
function split(tensor: NativeTensor, clips: number): StoredFeatures['embedding'][] {
  const data = tensor.data() as Float32Array
  const shape = tensor.shape.slice(1)
  tensor.dispose()
  const size = data.length / clips
  return Array.from({ length: clips }, (_, i) => ({
    data: data.slice(i * size, (i + 1) * size),
    shape,
  }))
}
