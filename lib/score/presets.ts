/** Whole protocols under a name, so that numbers of different people can be compared. */
import { InvalidOptionError } from '../errors.js'
import type { AskedMetric } from '../metrics/metric-at.js'
import { show } from '../options.js'
import type { CompareScoresOptions, ScoreOptions } from './options.js'
import { type PresetName, presetNames } from './preset-names.js'

type Options = Partial<ScoreOptions & CompareScoresOptions>

interface Preset {
  metrics: readonly AskedMetric[]
  /** What cannot be another; undefined is what cannot be given. */
  fixed: Options
  /** What can. */
  usual: Options
}

const heard = { mono: 'first-channel', resampler: 'sinc', dtype: 'float32' } as const

export const presets: Readonly<Record<PresetName, Preset>> = {
  // The evaluation of AudioLDM's paper: audioldm_eval's CNN14 path, and its VGGish.
  'paper-2023': {
    metrics: ['fd', 'fad', 'is', 'kl'],
    fixed: {
      ...heard,
      ...{ backbone: 'cnn14-16k', embedding: undefined, vggishRelu: false, vggishPca: undefined },
    },
    usual: {},
  },
  // What follows listeners more closely, by networks that see 32 kHz.
  '2026': {
    metrics: [
      ...(['fd@wavegram-logmel', 'kad@wavegram-logmel'] as const),
      ...(['fd@passt', 'kad@passt', 'is@passt', 'kl@passt', 'clap'] as const),
    ],
    fixed: { ...heard, backbone: undefined, embedding: undefined },
    usual: { bootstrap: 1000 },
  },
}

/**
 * The options with all that their preset decides.
 * @throws InvalidOptionError where one says otherwise
 */
export function withPreset<T extends Options>(options: T): T {
  const { preset: name } = (options ?? {}) as Options
  if (name === undefined || !presetNames.includes(name)) return options
  const { metrics, fixed, usual } = presets[name]
  for (const [option, value] of Object.entries(fixed)) {
    const given = options[option as keyof T]
    if (given === undefined || given === value) continue
    const wanted = value === undefined ? 'takes none' : `fixes it to ${show(value)}`
    throw new InvalidOptionError(
      option,
      `is ${show(given)}, and the preset ${name} ${wanted}`,
      `Leave ${option} out, or score without a preset.`,
    )
  }
  const others = Array.isArray(options.metrics)
    ? options.metrics.filter((each) => !metrics.includes(each))
    : []
  if (others.length > 0) {
    throw new InvalidOptionError(
      'metrics',
      `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} not in the preset ${name}`,
      `It has ${metrics.join(', ')}.`,
    )
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { metrics, ...usual, ...fixed, ...Object.fromEntries(given) } as T
}
