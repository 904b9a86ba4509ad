/** Opus in Ogg (RFC 7845), by libopus. */
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { InvalidOptionError } from '../errors.js'
import { show } from '../options.js'
import { checkSamples } from './integer-samples.js'
import { type OggPacket, oggFile } from './ogg-writer.js'
import { resample } from './resample.js'

/** Of every Opus file, whatever was encoded. */
export const opusRate = 48_000
/** kbit/s, of each channel. */
export const opusBitrates = { least: 6, most: 256, usual: 64 }

const frame = 960 // 20 ms
/** Packets a page: one second, as far as players have to look when they seek. */
const pagePackets = 50

/**
 * Encodes one array per channel, resampled to 48 kHz, with so many kbit/s in all, by default 64 for each
 * channel, on average: the rate varies. The same samples give the same bytes.
 */
export async function encodeOpus(
  channels: readonly Float32Array[],
  sampleRate: number,
  bitrate = opusBitrates.usual * channels.length,
): Promise<Uint8Array> {
  checkSamples(channels, sampleRate)
  const { least, most } = opusBitrates
  const highest = most * channels.length
  if (typeof bitrate !== 'number' || !(bitrate >= least && bitrate <= highest)) {
    const expected = `expected a number from ${least} to ${highest} kbit/s`
    throw new InvalidOptionError('bitrate', `${expected}, got ${show(bitrate)}`)
  }
  const resampled = channels.map((samples) => resample(samples, sampleRate, opusRate))
  const { createEncoder, loadLibopus } = await import('libopus-wasm')
  const { version } = await loadLibopus()
  const encoder = await createEncoder({
    ...{ sampleRate: opusRate, channels: channels.length as 1 | 2 },
    bitrate: Math.round(bitrate * 1000),
  })
  try {
    // So many samples come out before the first that went in; readers leave them out again.
    const delay = encoder.getLookahead()
    const end = delay + resampled[0].length
    const packets: OggPacket[] = [
      { bytes: headOf(channels.length, delay, sampleRate), position: 0, endsPage: true },
      { bytes: tagsOf(version), position: 0, endsPage: true },
    ]
    const hash = createHash('sha256')
    for (let at = 0; at < end; at += frame) {
      const bytes = encoder.encodeFloat(interleaved(resampled, at))
      hash.update(bytes)
      const number = at / frame + 1
      const endsPage = number % pagePackets === 0
      packets.push({ bytes, position: Math.min(at + frame, end), endsPage })
      if (endsPage) await setImmediate()
    }
    // Streams that are chained in one file must differ in it.
    return oggFile(packets, hash.digest().readUInt32LE())
  } finally {
    encoder.free()
  }
}

/** A frame from sample `at` on, with silence past the end. */
function interleaved(channels: readonly Float32Array[], at: number): Float32Array {
  const result = new Float32Array(frame * channels.length)
  for (const [c, samples] of channels.entries()) {
    const piece = samples.subarray(at, at + frame)
    for (let i = 0; i < piece.length; i++) result[i * channels.length + c] = piece[i]
  }
  return result
}

function headOf(channels: number, delay: number, sampleRate: number): Uint8Array {
  const bytes = Buffer.alloc(19)
  bytes.write('OpusHead')
  bytes[8] = 1 // version
  bytes[9] = channels
  bytes.writeUInt16LE(delay, 10)
  bytes.writeUInt32LE(sampleRate, 12) // For people: it is not what is decoded to.
  return bytes
}

function tagsOf(vendor: string): Uint8Array {
  const bytes = Buffer.alloc(8 + 4 + vendor.length + 4)
  bytes.write('OpusTags')
  bytes.writeUInt32LE(vendor.length, 8)
  bytes.write(vendor, 12)
  return bytes
}
