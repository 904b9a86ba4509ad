/** What is done to references to see which metric notices. */
import type { Random } from '../../synthesis/parts/random.js'

interface CorruptionBase {
  readonly name: string
  /** What it computes, with every number that is fixed. */
  readonly formula: string
  /** What strength counts. At 0 nothing is changed; greater is worse. */
  readonly scale: string
  readonly strengths: readonly number[]
}

/** A log-mel spectrogram, frame by frame. */
export interface Mel {
  data: Float32Array
  frames: number
  bands: number
}

/** Comes back to sound through a vocoder. */
export interface MelCorruption extends CorruptionBase {
  readonly domain: 'mel'
  /** Draws the same for each strength, so that only the strength differs. */
  apply(mel: Mel, strength: number, random: Random): Float32Array
}

/** Made of the clip and of clips of other classes. */
export interface WaveformCorruption extends CorruptionBase {
  readonly domain: 'waveform'
  /** How many clips of other classes it takes, each of another one; fewer where there are fewer. */
  readonly companions: number
  /** `own` and `companions` are of one channel at `sampleRate`. */
  apply(
    own: Float32Array,
    companions: readonly Float32Array[],
    strength: number,
    about: { sampleRate: number; random: Random },
  ): Float32Array
}

export type Corruption = MelCorruption | WaveformCorruption

/** With `others` classes besides that of a clip: none takes more of them than there are. */
export function strengthsOf(corruption: Corruption, others: number): number[] {
  if (corruption.domain === 'mel' || others >= corruption.companions) {
    return [...corruption.strengths]
  }
  const most = corruption.strengths[corruption.strengths.length - 1]
  // The greatest counts all that there are, such as companions, or companions and the clip itself.
  const greatest = most - (corruption.companions - others)
  return [...corruption.strengths.filter((strength) => strength < greatest), greatest]
}
