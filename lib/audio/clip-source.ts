/** One clip that can be read, wherever it is. */
import { createHash } from 'node:crypto'
import { InvalidOptionError } from '../errors.js'
import { show } from '../options.js'
import { Audio } from './audio.js'
import { maxChannels, maxSampleRate, requireFinite, requireSamples } from './audio-limits.js'
import type { DecodedAudio } from './decoded-audio.js'
import type { AudioReaderPool } from './reader-pool.js'

/** Samples in memory; `name` pairs it with a clip of the other side. */
export interface SampleClip {
  name?: string
  /** Full scale is ±1; one array, or one a channel. */
  samples: Float32Array | Float32Array[]
  /** Hz, a whole number from 1 to 1048576. */
  sampleRate: number
}

/** Samples, an `Audio`, or the bytes of a sound file. */
export type ClipInput = SampleClip | Audio | Uint8Array

export interface ClipSource {
  /** By which clips are sorted and paired; undefined in memory without one. */
  readonly name: string | undefined
  /** For people and reports. */
  readonly path: string
  /** sha256 of its content, in hexadecimal. */
  hash(reader: AudioReaderPool, signal: AbortSignal): Promise<string>
  /** @throws AudioError when it is no sound that can be read. */
  read(reader: AudioReaderPool, signal: AbortSignal): Promise<{ hash: string; audio: DecodedAudio }>
}

export function fileClip(path: string, name: string): ClipSource {
  return {
    name,
    path,
    hash: (reader, signal) => reader.hash(path, { signal }),
    read: (reader, signal) => reader.read(path, { signal }),
  }
}

/** `label` stands for the clip in messages, such as generated[3]. */
export function memoryClip(clip: ClipInput, label: string): ClipSource {
  if (clip instanceof Uint8Array) {
    return {
      name: undefined,
      path: label,
      hash: async () => createHash('sha256').update(clip).digest('hex'),
      read: (reader, signal) => reader.decode(clip, { signal }),
    }
  }
  if (clip instanceof Audio) {
    const decode = async (): Promise<DecodedAudio> => {
      const all = await clip.toFloat32Array()
      const length = all.length / clip.channels
      const channels = Array.from({ length: clip.channels }, (_, c) =>
        all.subarray(c * length, (c + 1) * length),
      )
      return { channels, sampleRate: clip.sampleRate }
    }
    return samplesSource(undefined, label, decode)
  }
  const audio = checkSamples(clip, label)
  return samplesSource(clip.name, clip.name ?? label, async () => audio)
}

function samplesSource(
  name: string | undefined,
  path: string,
  decode: () => Promise<DecodedAudio>,
): ClipSource {
  return {
    name,
    path,
    hash: async () => hashSamples(await decode()),
    read: async () => {
      const audio = await decode()
      requireSamples(audio.channels[0].length, audio.channels.length)
      requireFinite(audio.channels)
      return { hash: hashSamples(audio), audio }
    },
  }
}

function hashSamples({ channels, sampleRate }: DecodedAudio): string {
  const hash = createHash('sha256').update(`samples ${sampleRate} ${channels.length}\0`)
  for (const { buffer, byteOffset, byteLength } of channels) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex')
}

function checkSamples(clip: SampleClip, label: string): DecodedAudio {
  const { samples, sampleRate, name } = clip
  const channels = samples instanceof Float32Array ? [samples] : samples
  const typed = Array.isArray(channels) && channels.every((c) => c instanceof Float32Array)
  if (!typed || channels.length === 0 || channels.length > maxChannels) {
    const expected = `expected a Float32Array, or an array of them for 1 to ${maxChannels} channels`
    throw new InvalidOptionError(`${label}.samples`, `${expected}, got ${show(samples)}`)
  }
  if (channels.some((channel) => channel.length !== channels[0].length)) {
    throw new InvalidOptionError(`${label}.samples`, 'its channels differ in length')
  }
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > maxSampleRate) {
    const expected = `expected a whole number from 1 to ${maxSampleRate}`
    throw new InvalidOptionError(`${label}.sampleRate`, `${expected}, got ${show(sampleRate)}`)
  }
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new InvalidOptionError(`${label}.name`, `expected a name, got ${show(name)}`)
  }
  return { channels, sampleRate }
}
