/** FLAC files, by libFLAC. */
import { setImmediate } from 'node:timers/promises'
import { InvalidOptionError } from '../errors.js'
import { show } from '../options.js'
import { checkSamples, toInteger } from './integer-samples.js'

export type FlacFormat = 'pcm16' | 'pcm24'

/** The highest level takes twice the time for one per cent less. */
const compression = 5
/** Samples of a channel between which others have a turn in this thread. */
const chunkFrames = 16_384
/** Of the MD5 in STREAMINFO, the first block of the file. */
const md5Offset = 26

/**
 * Encodes one array per channel. The integers, and so the samples that are read back, are those of a
 * WAV file of the same format.
 */
export async function encodeFlac(
  channels: readonly Float32Array[],
  sampleRate: number,
  format: FlacFormat = 'pcm16',
): Promise<Uint8Array> {
  if (format !== 'pcm16' && format !== 'pcm24') {
    const message = `expected 'pcm16' or 'pcm24', got ${show(format)}`
    throw new InvalidOptionError('format', message, 'FLAC holds whole numbers of up to 24 bits.')
  }
  checkSamples(channels, sampleRate)
  const bits = format === 'pcm16' ? 16 : 24
  const frames = channels[0].length
  const flac = await libFlac()
  const made: Uint8Array[] = []
  let md5 = ''
  const settings = [sampleRate, channels.length, bits, compression, frames] as const
  const encoder = flac.create_libflac_encoder(...settings)
  try {
    const status = flac.init_encoder_stream(
      encoder,
      (bytes) => {
        made.push(bytes)
      },
      (info) => {
        md5 = info?.md5sum ?? ''
      },
    )
    if (status !== 0) {
      throw new InvalidOptionError('sampleRate', `${sampleRate} Hz cannot be stated in FLAC`)
    }
    for (let at = 0; at < frames; at += chunkFrames) {
      const piece = channels.map((samples) =>
        Int32Array.from(samples.subarray(at, at + chunkFrames), (value) => toInteger(value, bits)),
      )
      if (!flac.FLAC__stream_encoder_process(encoder, piece, piece[0].length)) throw failed()
      await setImmediate()
    }
    if (!flac.FLAC__stream_encoder_finish(encoder)) throw failed()
  } finally {
    flac.FLAC__stream_encoder_delete(encoder)
  }
  const bytes = new Uint8Array(Buffer.concat(made))
  // What the encoder knows at the end alone belongs into its first block.
  bytes.set(Buffer.from(md5, 'hex'), md5Offset)
  return bytes
}

/**
 * Compiled to plain JavaScript: how the WebAssembly of the same package finds its file fails in
 * Node.js 18 and later.
 */
async function libFlac() {
  const { default: flac } = await import('libflacjs/dist/libflac.js')
  if (!flac.isReady()) await new Promise((resolve) => flac.on('ready', resolve))
  return flac
}

function failed(): Error {
  return new Error('libFLAC gave up')
}
