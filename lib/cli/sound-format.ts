/** In which kind of file `generate` writes its clips, and how. */
import type { Audio } from '../audio/audio.js'
import { opusRate } from '../audio/opus.js'
import { type SaveOptions, type SoundKind, soundKindOf } from '../audio/sound-file.js'
import { InvalidOptionError } from '../errors.js'

export interface FormatFlags {
  out: string
  format?: SoundKind
  float?: boolean
  bits?: 16 | 24
  bitrate?: number
}

export interface SoundFormat extends SaveOptions {
  kind: SoundKind
}

/** --format decides, else the name of the file, else it is WAV. @throws InvalidOptionError */
export function soundOf({ out, format, float, bits, bitrate }: FormatFlags): SoundFormat {
  const kind = format ?? soundKindOf(out) ?? 'wav'
  if (float && kind !== 'wav') {
    throw new InvalidOptionError('--float', `is for WAV, and this is ${names[kind]}`)
  }
  if (bits !== undefined && (float || kind === 'opus')) {
    const other = float ? '--float' : names[kind]
    throw new InvalidOptionError('--bits', `excludes ${other}`)
  }
  if (kind === 'opus') return { kind, ...(bitrate !== undefined && { bitrate }) }
  if (bitrate !== undefined) {
    throw new InvalidOptionError('--bitrate', `is for Opus, and this is ${names[kind]}`)
  }
  return { kind, format: float ? 'float32' : bits === 24 ? 'pcm24' : 'pcm16' }
}

/** The bytes of the file. */
export function encoded(audio: Audio, { kind, format, bitrate }: SoundFormat): Promise<Uint8Array> {
  if (kind === 'flac') return audio.toFlac({ format: format === 'pcm24' ? 'pcm24' : 'pcm16' })
  return kind === 'opus' ? audio.toOpus({ bitrate }) : audio.toWav({ format })
}

/** Of the file, which of Opus is not that of the clip. */
export function writtenRate(audio: Audio, { kind }: SoundFormat): number {
  return kind === 'opus' ? opusRate : audio.sampleRate
}

const names: Record<SoundKind, string> = { wav: 'WAV', flac: 'FLAC', opus: 'Opus' }
