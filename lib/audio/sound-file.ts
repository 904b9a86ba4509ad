/** The kinds of sound files that are written. */
import { extname } from 'node:path'
import { InvalidOptionError } from '../errors.js'
import { encodeFlac } from './flac.js'
import { encodeOpus } from './opus.js'
import { encodeWav, type WavFormat } from './wav.js'

export const soundKinds = ['wav', 'flac', 'opus'] as const
export type SoundKind = (typeof soundKinds)[number]

/** Names that say what is in a file; the first one is what we give. */
export const extensionsOf: Record<SoundKind, readonly string[]> = {
  wav: ['.wav', '.wave'],
  flac: ['.flac'],
  opus: ['.opus', '.ogg', '.oga'],
}

export interface SaveOptions {
  /** Of WAV and FLAC: 'pcm16' (default), 'pcm24' or, of WAV alone, 'float32' with the exact values. */
  format?: WavFormat
  /** Of Opus: kbit/s on average, 6 … 256 for each channel; default 64 for each. */
  bitrate?: number
}

/** By the name of a file; undefined where it says nothing of sound. */
export function soundKindOf(path: string): SoundKind | undefined {
  const extension = extname(path).toLowerCase()
  return soundKinds.find((kind) => extensionsOf[kind].includes(extension))
}

/** Names of other sounds and of pictures, which would mislead. */
const misleading = /^\.(mp3|m4a|aac|aiff?|wma|webm|mp4|png|jpe?g|svg|webp|gif)$/

/** Refuses a name that says that something else is in the file. */
export function checkExtension(option: string, path: string, wanted: readonly string[]): void {
  const given = extname(path).toLowerCase()
  if (wanted.includes(given) || !(misleading.test(given) || soundKindOf(path))) return
  throw new InvalidOptionError(option, `${wanted[0]} is what is written, not ${given}`)
}

/** The bytes of a file with one array per channel. Options of another kind are refused. */
export async function encodeSound(
  kind: SoundKind,
  channels: readonly Float32Array[],
  sampleRate: number,
  { format, bitrate }: SaveOptions = {},
): Promise<Uint8Array> {
  if (bitrate !== undefined && kind !== 'opus') {
    throw new InvalidOptionError('bitrate', `is of Opus, and this is ${kind.toUpperCase()}`)
  }
  if (kind === 'wav') return encodeWav(channels, sampleRate, format)
  if (kind === 'flac') return encodeFlac(channels, sampleRate, format as 'pcm16')
  if (format !== undefined) {
    throw new InvalidOptionError('format', 'is of WAV and FLAC, and this is Opus')
  }
  return encodeOpus(channels, sampleRate, bitrate)
}
