/** What kind of sound file bytes are, by their content: names of files say little. */
import { AudioError } from '../errors.js'
import { isWav } from './wav-chunks.js'

export type CompressedKind = 'flac' | 'oga' | 'opus' | 'mp3' | 'aac' | 'm4a' | 'webm'

export interface Content {
  kind: 'wav' | CompressedKind
  /** The file without the ID3 tag in front of it. */
  bytes: Uint8Array
}

const readable = 'WAV, FLAC, Ogg Vorbis, Opus, MP3, AAC, M4A or WebM'
const hint = `convert it to ${readable}`

/** Formats that are recognised in order to say what they are. */
const others: [magic: string, name: string][] = [
  ['FORM', 'AIFF'],
  ['caff', 'Core Audio'],
  ['.snd', 'Sun audio'],
  ['riff', 'Wave64'],
  ['wvpk', 'WavPack'],
  ['MThd', 'MIDI'],
  ['MAC ', "Monkey's Audio"],
  ['#!AMR', 'AMR'],
  ['0&\u00b2u', 'Windows Media'],
  ['RIFF', 'RIFF, but not WAVE,'],
]

/** @throws AudioError saying what the bytes are instead, as far as that can be told. */
export function identify(file: Uint8Array): Content {
  if (file.length === 0) throw new AudioError('is empty')
  const bytes = file.subarray(id3Length(file))
  const kind = kindOf(bytes)
  if (kind) return { kind, bytes }
  const other = others.find(([magic]) => startsWith(bytes, magic))
  if (other) throw new AudioError(`is a ${other[1]} file, which is not read`, { hint })
  if (isText(file)) throw new AudioError('is text, not sound')
  throw new AudioError(`is not sound in a format that is read (${readable})`, { hint })
}

function kindOf(bytes: Uint8Array): Content['kind'] | undefined {
  if (isWav(bytes)) return 'wav'
  if (startsWith(bytes, 'fLaC')) return 'flac'
  if (startsWith(bytes, 'OggS')) return oggKind(bytes)
  if (startsWith(bytes, '\x1aE\u00df\u00a3')) return 'webm'
  if (startsWith(bytes, 'ftyp', 4)) return 'm4a'
  return mpegKind(bytes)
}

function oggKind(bytes: Uint8Array): CompressedKind {
  const packet = 27 + (bytes[26] ?? 0)
  if (startsWith(bytes, 'OpusHead', packet)) return 'opus'
  if (startsWith(bytes, '\x01vorbis', packet)) return 'oga'
  if (startsWith(bytes, '\x7fFLAC', packet)) return 'flac'
  throw new AudioError('is an Ogg file without Vorbis, Opus or FLAC', { hint })
}

/** Two headers in a row, or one that the file is too short to have another after. */
function mpegKind(bytes: Uint8Array): 'mp3' | 'aac' | undefined {
  for (const [kind, lengthAt] of [
    ['mp3', mp3FrameLength],
    ['aac', adtsFrameLength],
  ] as const) {
    const length = lengthAt(bytes, 0)
    if (length > 0 && (length + 7 > bytes.length || lengthAt(bytes, length) > 0)) return kind
  }
  return undefined
}

const mp3Bitrates = {
  1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
}

/** The length of the MPEG layer III frame whose header is at `at`; 0 where there is none. */
function mp3FrameLength(bytes: Uint8Array, at: number): number {
  const [sync, version, rates] = bytes.subarray(at, at + 3)
  if (sync !== 0xff || (version & 0xe6) !== 0xe2 || rates === undefined) return 0
  const generation = (version >> 3) & 3 // 0: MPEG 2.5, 1: reserved, 2: MPEG 2, 3: MPEG 1
  const kbps = mp3Bitrates[generation === 3 ? 1 : 2][rates >> 4]
  const rate = [44100, 48000, 32000][(rates >> 2) & 3]
  if (generation === 1 || !kbps || !rate) return 0
  const divisor = [4, 0, 2, 1][generation]
  const bytesPerFrame = ((generation === 3 ? 144 : 72) * kbps * 1000) / (rate / divisor)
  return Math.floor(bytesPerFrame) + ((rates >> 1) & 1)
}

/** The length of the ADTS frame of AAC whose header is at `at`; 0 where there is none. */
function adtsFrameLength(bytes: Uint8Array, at: number): number {
  if (at + 7 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1] & 0xf6) !== 0xf0) return 0
  if (((bytes[at + 2] >> 2) & 15) > 12) return 0
  const length = ((bytes[at + 3] & 3) << 11) | (bytes[at + 4] << 3) | (bytes[at + 5] >> 5)
  return length >= 7 ? length : 0
}

/** Bytes of the ID3v2 tag at the start: header, contents and, where there is one, footer. */
function id3Length(bytes: Uint8Array): number {
  if (!startsWith(bytes, 'ID3') || bytes.length < 10) return 0
  const size = bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0)
  return Math.min(bytes.length, 10 + size + (bytes[5] & 0x10 ? 10 : 0))
}

function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

function isText(bytes: Uint8Array): boolean {
  return bytes
    .subarray(0, 512)
    .every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13 || byte === 12)
}
