/** Above which frequency --super-resolution adds to a sound. */
import { bandEdge } from '../audio/band-edge.js'
import { fileClip } from '../audio/clip-source.js'
import { AudioReaderPool } from '../audio/reader-pool.js'
import { AudioError, InvalidOptionError } from '../errors.js'

export interface Cutoff {
  hertz: number
  /** Where it was not given: how it was found. */
  found?: 'measured' | 'half its sampling rate'
}

/** Of this part of what the model makes, nothing is worth adding to. */
const nearlyAll = 0.9

/** Where the band of the sound ends. @throws AudioError naming the file */
export async function measureCutoff(path: string, signal: AbortSignal): Promise<Cutoff> {
  const pool = new AudioReaderPool(1)
  try {
    const { audio } = await fileClip(path, path).read(pool, signal)
    const edge = bandEdge(audio.channels[0], audio.sampleRate)
    if (edge !== undefined) return { hertz: Math.round(edge), found: 'measured' }
    return { hertz: audio.sampleRate / 2, found: 'half its sampling rate' }
  } catch (error) {
    if (!(error instanceof AudioError)) throw error
    throw new AudioError(`${path} ${error.message}`, { hint: error.hint, cause: error })
  } finally {
    await pool.dispose()
  }
}

/** Refuses a cutoff above which the model makes nothing. */
export function checkCutoff({ hertz, found }: Cutoff, path: string, modelRate: number): void {
  const top = modelRate / 2
  if (found === undefined) {
    if (hertz < top) return
    throw new InvalidOptionError(
      '--cutoff',
      `expected less than the ${top} Hz that the model makes sound up to, got ${hertz}`,
    )
  }
  if (hertz < (found === 'measured' ? nearlyAll * top : top)) return
  throw new InvalidOptionError(
    '--super-resolution',
    `the spectrum of ${path} has no edge below ${top} Hz, up to which the model makes sound: nothing would be added`,
    'Where its band does end, say so with --cutoff HERTZ.',
  )
}
