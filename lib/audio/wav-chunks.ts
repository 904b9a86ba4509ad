/** The chunks of a RIFF file: where the samples are and how they are encoded. */
import { AudioError } from '../errors.js'
import { requireChannels, requireSampleRate } from './audio-limits.js'

export interface WavEncoding {
  /** The format code, of the sub-format where the header is WAVE_FORMAT_EXTENSIBLE. */
  code: number
  channels: number
  sampleRate: number
  blockAlign: number
  bits: number
  /** What follows the 16 common bytes of the fmt chunk: the parameters of ADPCM. */
  parameters: DataView
}

export interface WavChunks {
  encoding: WavEncoding
  data: DataView
  littleEndian: boolean
}

/** Many more than any program writes: a file of nothing but chunks would take long to walk. */
const maxChunks = 10_000
const unknownSize = 0xffffffff
const extensible = 0xfffe
/** Bytes 2 to 15 of the identifiers of sub-formats that are format codes, as written in a file. */
const codeIdentifier = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]
const knownChunks = new Set(
  'fmt |data|fact|LIST|INFO|JUNK|junk|PAD |FLLR|bext|cue |smpl|inst|PEAK|id3 |ID3 |iXML|ds64|DISP|plst|acid|chna|axml'.split(
    '|',
  ),
)

const forms = new Map([
  ['RIFF', true],
  ['RF64', true],
  ['BW64', true],
  ['RIFX', false],
])

export function isWav(bytes: Uint8Array): boolean {
  const view = viewOf(bytes)
  return view.byteLength >= 12 && forms.has(tagAt(view, 0)) && tagAt(view, 8) === 'WAVE'
}

/**
 * Finds the first fmt and the first data chunk, in any order, among whatever else there is. A data
 * chunk that is longer than the file ends where the file ends, as libsndfile has it; one of unknown
 * size, as programs write that cannot seek back, too.
 */
export function readWavChunks(bytes: Uint8Array): WavChunks {
  const view = viewOf(bytes)
  const littleEndian = forms.get(tagAt(view, 0)) ?? true
  const riffSize = view.getUint32(4, littleEndian)
  let encoding: WavEncoding | undefined
  let data: DataView | undefined
  let longDataSize = Number.POSITIVE_INFINITY
  let chunks = 0
  for (let at = 12; at + 8 <= view.byteLength && !(encoding && data); chunks++) {
    if (chunks === maxChunks) throw new AudioError(`is a WAV file with over ${maxChunks} chunks`)
    const tag = tagAt(view, at)
    const start = at + 8
    const left = view.byteLength - start
    let size = view.getUint32(at + 4, littleEndian)
    if (tag === 'data') {
      if (size === unknownSize) size = longDataSize
      if (size === 0 && neverClosed(riffSize, start)) size = left
      data ??= part(view, start, Math.min(size, left))
    } else if (tag === 'fmt ') {
      encoding ??= readEncoding(part(view, start, Math.min(size, left)), littleEndian)
    } else if (tag === 'ds64' && size >= 16 && left >= 16) {
      longDataSize = Number(view.getBigUint64(start + 8, littleEndian))
    }
    at = nextChunk(view, start + size)
  }
  if (!encoding) throw new AudioError('is a WAV file without a fmt chunk')
  if (!data) throw new AudioError('is a WAV file without a data chunk')
  return { encoding, data, littleEndian }
}

/** A header that was written before the length was known: the file's size says nothing either. */
function neverClosed(riffSize: number, dataStart: number): boolean {
  return riffSize === unknownSize || riffSize + 8 <= dataStart
}

/** A chunk of odd size is followed by a byte that is not counted, which some programs leave out. */
function nextChunk(view: DataView, end: number): number {
  if (end % 2 === 0 || end + 5 > view.byteLength) return end
  const unpadded = knownChunks.has(tagAt(view, end)) && !knownChunks.has(tagAt(view, end + 1))
  return unpadded ? end : end + 1
}

function readEncoding(fmt: DataView, littleEndian: boolean): WavEncoding {
  if (fmt.byteLength < 16) throw new AudioError('is a WAV file with a fmt chunk that is cut off')
  const encoding: WavEncoding = {
    code: fmt.getUint16(0, littleEndian),
    channels: fmt.getUint16(2, littleEndian),
    sampleRate: fmt.getUint32(4, littleEndian),
    blockAlign: fmt.getUint16(12, littleEndian),
    bits: fmt.getUint16(14, littleEndian),
    parameters: part(fmt, 16, fmt.byteLength - 16),
  }
  if (encoding.code === extensible) encoding.code = subFormat(encoding.parameters, littleEndian)
  requireChannels(encoding.channels)
  requireSampleRate(encoding.sampleRate)
  return encoding
}

/** Of WAVE_FORMAT_EXTENSIBLE: size, valid bits, speaker mask, and 16 bytes that name the encoding. */
function subFormat(parameters: DataView, littleEndian: boolean): number {
  if (parameters.byteLength < 24) {
    throw new AudioError('is a WAV file with an extensible header that is cut off')
  }
  const named = codeIdentifier.every((byte, i) =>
    // In big-endian files the first three fields of the identifier are swapped too.
    littleEndian ? parameters.getUint8(10 + i) === byte : true,
  )
  if (!named) throw new AudioError('is a WAV file with an encoding that is not known')
  return parameters.getUint16(8, littleEndian)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function part(view: DataView, start: number, length: number): DataView {
  return new DataView(view.buffer, view.byteOffset + start, length)
}

function tagAt(view: DataView, at: number): string {
  if (at + 4 > view.byteLength) return ''
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  )
}
