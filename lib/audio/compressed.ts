/** FLAC, Ogg, MP3, AAC and WebM, through the decoders of audio-decode. */
import { AudioError } from '../errors.js'
import type { CompressedKind } from './audio-content.js'
import { requireChannels, requireSampleRate, requireSamples } from './audio-limits.js'
import { checkContainer } from './containers.js'
import type { DecodedAudio } from './decoded-audio.js'
import { exactFlac, readFlacInfo } from './flac-info.js'
import { isOgg } from './ogg-pages.js'

/** What one call of a decoder gives: nothing at all, or the same number of samples per channel. */
interface Piece {
  channelData: Float32Array[]
  sampleRate: number
}

interface Decoder {
  (chunk?: Uint8Array): Promise<Piece>
  free(): void
}

/**
 * Bytes per call. A few bytes can stand for a long silence, so a file goes in piece by piece and
 * stops when it has become too long. Opus in WebM also takes forever as a whole.
 */
const chunkBytes = 4096
/** Times full scale. */
const maxPeak = 16

export async function decodeCompressed(
  bytes: Uint8Array,
  kind: CompressedKind,
): Promise<DecodedAudio> {
  checkContainer(bytes, kind)
  const flac = kind === 'flac' ? readFlacInfo(bytes) : undefined
  const audio = await collect(bytes, kind)
  if (flac) return exactFlac(audio, flac)
  requirePlausible(audio)
  return audio
}

/** Of damaged frames, lossy decoders make samples hundreds or millions of times full scale. */
function requirePlausible(audio: DecodedAudio): void {
  for (const samples of audio.channels) {
    for (let i = 0; i < samples.length; i++) {
      if (Math.abs(samples[i]) <= maxPeak) continue
      throw new AudioError(`is damaged: a sample is ${samples[i].toPrecision(3)} times full scale`)
    }
  }
}

async function collect(bytes: Uint8Array, kind: CompressedKind): Promise<DecodedAudio> {
  const pieces = new Pieces()
  const size = inOnePiece(bytes, kind) ? bytes.length : chunkBytes
  let decoder: Decoder | undefined
  try {
    decoder = await open(kind)
    for (let at = 0; at < bytes.length; at += size) {
      pieces.add(await decoder(bytes.subarray(at, at + size)))
    }
    pieces.add(await decoder())
  } catch (error) {
    if (error instanceof AudioError) throw error
    throw undecodable(error)
  } finally {
    decoder?.free()
  }
  return pieces.join()
}

/**
 * These go in whole, looked through beforehand: the tables of MP4 point anywhere in the file, and the
 * decoder of FLAC loses frames whose header lies across two pieces.
 */
function inOnePiece(bytes: Uint8Array, kind: CompressedKind): boolean {
  return kind === 'm4a' || (kind === 'flac' && !isOgg(bytes))
}

async function open(kind: CompressedKind): Promise<Decoder> {
  const { default: decode } = await import('audio-decode')
  return decode[kind as 'flac']()
}

function undecodable(error: unknown): AudioError {
  const { message, code } = error as NodeJS.ErrnoException
  // Decoders of further formats are packages of their own.
  const reason = code === 'ERR_MODULE_NOT_FOUND' ? 'its encoding is not read' : message
  return new AudioError(`cannot be decoded (${reason})`, { cause: error })
}

class Pieces {
  private readonly pieces: Piece[] = []
  private frames = 0
  private channels = 0

  add(piece: Piece): void {
    if (piece.channelData.length === 0) return
    this.frames += piece.channelData[0].length
    this.channels = Math.max(this.channels, piece.channelData.length)
    requireChannels(this.channels)
    requireSamples(this.frames, this.channels)
    this.pieces.push(piece)
  }

  join(): DecodedAudio {
    if (this.frames === 0) {
      throw new AudioError('has no samples that can be decoded: it is empty, cut off or damaged')
    }
    const { sampleRate } = this.pieces[0]
    requireSampleRate(sampleRate)
    if (this.pieces.some((piece) => piece.sampleRate !== sampleRate)) {
      throw new AudioError('changes its sample rate on the way')
    }
    const channels = Array.from({ length: this.channels }, (_, channel) => {
      const samples = new Float32Array(this.frames)
      let at = 0
      for (const { channelData } of this.pieces) {
        // The decoders of lossy formats give one channel as long as two are equal.
        const piece = channelData[Math.min(channel, channelData.length - 1)]
        samples.set(piece, at)
        at += piece.length
      }
      return samples
    })
    return { channels, sampleRate }
  }
}
