/** Recordings made narrow-band by real resampling. */
import { askPython } from '../python/run.js'

export interface NarrowFile {
  name: string
  rate?: number
  /** Hertz; without it the band is full. */
  band?: number
  /** Of the spectrum, in decibels an octave. */
  slope?: number
  /** sox's resampler in one of its qualities, or scipy's. */
  method?: 'soxr_hq' | 'soxr_mq' | 'polyphase'
  subtype?: 'PCM_16' | 'PCM_U8' | 'FLOAT'
  /** Hertz of a tone that is added at the end. */
  whistle?: number
}

/** Writes them into `folder`; at 44.1 kHz, 16 bits, with a slope of -6 dB, unless said otherwise. */
export function writeNarrow(folder: string, files: NarrowFile[]): void {
  const common = { rate: 44_100, band: null, slope: -6, method: 'soxr_hq' }
  const rest = { subtype: 'PCM_16', whistle: null }
  askPython('audio/python/narrow.py', {
    folder,
    files: files.map((file) => ({ ...common, ...rest, ...file })),
  })
}
