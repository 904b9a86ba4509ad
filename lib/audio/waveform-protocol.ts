/** From a sound file's samples to the waveform that a network hears: what is decided, and in which terms. */

export const resamplerNames = ['sinc', 'kaiser-fast', 'kaiser-best'] as const
export const monoRules = ['first-channel', 'mean'] as const

/**
 * Windowed-sinc resampling as torchaudio defines it: 'sinc' is its default (Hann window, width 6),
 * the others are its two presets that imitate resampy.
 */
export type ResamplerName = (typeof resamplerNames)[number]
/** Which channel is heard: the first, as audioldm_eval takes it, or the mean of all. */
export type MonoRule = (typeof monoRules)[number]

export interface ResamplerSettings {
  name: ResamplerName
  lowpassFilterWidth: number
  /** Cut-off as a part of the Nyquist frequency. */
  rolloff: number
  /** Of a Kaiser window; 0 is a Hann window. */
  beta: number
}

const resamplers: Record<ResamplerName, Omit<ResamplerSettings, 'name'>> = {
  sinc: { lowpassFilterWidth: 6, rolloff: 0.99, beta: 0 },
  'kaiser-fast': { lowpassFilterWidth: 16, rolloff: 0.85, beta: 8.555504641634386 },
  'kaiser-best': {
    lowpassFilterWidth: 64,
    rolloff: 0.9475937167399596,
    beta: 14.769656459379492,
  },
}

/** Waveforms shorter than this are padded with zeros: 2 s at 16 kHz, 1 s at 32 kHz. */
const minSamples = 32_000

/** What a network wants of the waveforms that it hears. */
export interface WaveformNeeds {
  removeMean: boolean
  /** Shorter waveforms are padded with zeros at the end to so many samples of the new rate. */
  minSamples: number
  /**
   * All waveforms have so many samples of the new rate: of longer ones the first; shorter ones are
   * repeated as often as they fit whole, then zeros follow.
   */
  repeatpad?: number
  /** Beside `repeatpad`: longer ones stay as they are. */
  whole?: boolean
}

/** From a file to the waveform that a network hears. */
export interface WaveformProtocol extends WaveformNeeds {
  mono: MonoRule
  resampler: ResamplerSettings
}

export function waveformProtocol(mono: MonoRule, resampler: ResamplerName): WaveformProtocol {
  const settings = { name: resampler, ...resamplers[resampler] }
  return { mono, removeMean: true, resampler: settings, minSamples }
}

/** The parameters of the native operation `prepare`. */
export function prepareParameters(
  protocol: WaveformProtocol,
  rate: number,
  targetRate: number,
): Record<string, number> {
  return {
    rate,
    target_rate: targetRate,
    mono: protocol.mono === 'mean' ? 1 : 0,
    remove_mean: protocol.removeMean ? 1 : 0,
    min_samples: protocol.minSamples,
    lowpass_filter_width: protocol.resampler.lowpassFilterWidth,
    rolloff: protocol.resampler.rolloff,
    beta: protocol.resampler.beta,
  }
}
