/** All that decides a number besides the sounds: what a result states and caches are keyed by. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BackboneDescription } from '../../backbones/backbone.js'
import { packageRoot } from '../../files/paths.js'
import type { Metric } from '../../metrics/metric.js'
import type { ComputeDType } from '../../native/device.js'
import type { PairingMode } from '../inputs/pairing.js'

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
}

/** From a file to the waveform that a network hears. */
export interface WaveformProtocol extends WaveformNeeds {
  mono: MonoRule
  resampler: ResamplerSettings
}

/** From a file to rows. Statistics can be compared or merged only where all of it is equal. */
export interface FeatureProtocol extends WaveformProtocol {
  backbone: string
  sampleRate: number
  /** Of the network: the hash of its weights, its dtype, its post-processing. */
  settings: Record<string, string | number | boolean>
}

/** A network of a run, and how sounds reached it. */
export interface BackboneProtocol extends WaveformNeeds {
  sampleRate: number
  /** sha256 over all that decides its numbers. */
  hash: string
  settings: Record<string, string | number | boolean>
}

/** What the numbers of a result were computed with. */
export interface ScoreProtocol {
  /** Of this package. */
  version: string
  libtorch: string
  device: string
  dtype: ComputeDType
  /** Degrees of freedom that covariances lose: divided by N − 1. */
  ddof: 1
  mono: MonoRule
  resampler: ResamplerSettings
  pairing: PairingMode
  backbones: Record<string, BackboneProtocol>
  /** The network that the prompts were compared by, where they were. */
  textEncoder?: Pick<BackboneProtocol, 'hash' | 'settings'>
  /** Numbers that the metrics fix, such as seeds, by metric. */
  metrics: Record<string, Readonly<Record<string, number>>>
}

export function waveformProtocol(mono: MonoRule, resampler: ResamplerName): WaveformProtocol {
  const settings = { name: resampler, ...resamplers[resampler] }
  return { mono, removeMean: true, resampler: settings, minSamples }
}

export function featureProtocol(
  backbone: BackboneDescription,
  waveform: WaveformProtocol,
): FeatureProtocol {
  const { name, sampleRate, settings } = backbone
  const protocol = { ...waveform, ...backbone.waveform }
  return { backbone: name, sampleRate, settings: { ...settings }, ...protocol }
}

export function scoreProtocol(
  run: Pick<
    ScoreProtocol,
    'device' | 'dtype' | 'libtorch' | 'mono' | 'resampler' | 'pairing' | 'textEncoder'
  >,
  backbones: { hash: string; protocol: FeatureProtocol }[],
  metrics: Metric[],
): ScoreProtocol {
  const entries = backbones.map(({ hash, protocol }) => {
    const { backbone, sampleRate, removeMean, minSamples, repeatpad, settings } = protocol
    const needs = { removeMean, minSamples, ...(repeatpad !== undefined && { repeatpad }) }
    return [backbone, { sampleRate, hash, ...needs, settings }] as const
  })
  return {
    version: packageVersion(),
    ...run,
    ddof: 1,
    backbones: Object.fromEntries(entries),
    metrics: Object.fromEntries(metrics.map(({ name, settings }) => [name, settings ?? {}])),
  }
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

/** The same for equal values, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, v) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  )
}

/** Equal where clips become the same waveforms. */
export function waveformKey(protocol: FeatureProtocol): string {
  const { sampleRate, mono, removeMean, resampler, minSamples, repeatpad } = protocol
  return canonicalJson({ sampleRate, mono, removeMean, resampler, minSamples, repeatpad })
}

/** Key of cached features: equal only where the same numbers would be computed again. */
export function featureKey(
  protocol: FeatureProtocol,
  environment: { hash: string; device: string; libtorch: string },
): string {
  const { hash, libtorch } = environment
  const device = environment.device.split(':')[0]
  const key = canonicalJson({ protocol, hash, device, libtorch, version: packageVersion() })
  return createHash('sha256').update(key).digest('hex')
}

/** The fields in which two protocols differ, as 'mono: mean, not first-channel'. */
export function protocolDifferences(found: unknown, wanted: FeatureProtocol): string[] {
  const a = flatten(found)
  const b = flatten(wanted)
  return [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((field) => a.get(field) !== b.get(field))
    .map((field) => `${field}: ${a.get(field) ?? 'absent'}, not ${b.get(field) ?? 'absent'}`)
}

function flatten(value: unknown, prefix = '', fields = new Map<string, string>()) {
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      flatten(inner, prefix === '' ? key : `${prefix}.${key}`, fields)
    }
  } else {
    fields.set(prefix, String(value))
  }
  return fields
}

let version: string | undefined

export function packageVersion(): string {
  version ??= JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version as string
  return version
}
