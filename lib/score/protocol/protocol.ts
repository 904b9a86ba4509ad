/** All that decides a number besides the sounds: what a result states and caches are keyed by. */
import { createHash } from 'node:crypto'
import type {
  MonoRule,
  ResamplerSettings,
  WaveformNeeds,
  WaveformProtocol,
} from '../../audio/waveform-protocol.js'
import type { BackboneDescription } from '../../backbones/backbone.js'
import { canonicalJson } from '../../files/canonical-json.js'
import { packageVersion } from '../../files/paths.js'
import type { Metric } from '../../metrics/metric.js'
import type { AskedMetric } from '../../metrics/metric-at.js'
import type { ComputeDType } from '../../native/device.js'
import type { PairingMode } from '../inputs/pairing.js'
import type { PresetName } from '../preset-names.js'

/** From a file to rows. Statistics can be compared or merged only where all of it is equal. */
export interface FeatureProtocol extends WaveformProtocol {
  backbone: string
  sampleRate: number
  /** Of the network: the hash of its weights, its dtype (and arithmetic), its post-processing. */
  settings: Record<string, string | number | boolean>
}

/** A network of a run, and how sounds reached it. */
export interface BackboneProtocol extends WaveformNeeds {
  sampleRate: number
  /** sha256 over all that decides its numbers. */
  hash: string
  settings: Record<string, string | number | boolean>
}

export interface IntervalProtocol {
  /** Of each: 0.95; of differences more, so that all hold together as often as that. */
  level: number
  method: string
  /** Samples. */
  bootstrap: number
  seed: number
  /** Of clips, of which each is left out once for fd and fad. */
  groups: number
  /** 'fixed' where it is saved statistics: then intervals of fd and fad are for this very set. */
  reference?: 'drawn' | 'fixed'
}

/** What the numbers of a result were computed with. */
export interface ScoreProtocol {
  /** Of this package. */
  version: string
  libtorch: string
  device: string
  dtype: ComputeDType
  /** What was computed in: `dtype`, or float32 on a CPU that does not multiply bfloat16. */
  arithmetic: ComputeDType
  /** Degrees of freedom that covariances lose: divided by N − 1. */
  ddof: 1
  mono: MonoRule
  resampler: ResamplerSettings
  pairing: PairingMode
  backbones: Record<string, BackboneProtocol>
  /** The network that the prompts were compared by, where they were. */
  textEncoder?: Pick<BackboneProtocol, 'hash' | 'settings'>
  /** The name of the whole, where one was asked for. */
  preset?: PresetName
  /** How intervals were computed, where they were. */
  intervals?: IntervalProtocol
  /** By metric: what it fixes, such as seeds, and by which of the backbones it compares. */
  metrics: Record<string, Readonly<Record<string, number | string>>>
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
    | 'device'
    | 'dtype'
    | 'arithmetic'
    | 'libtorch'
    | 'mono'
    | 'resampler'
    | 'pairing'
    | 'textEncoder'
    | 'intervals'
    | 'preset'
  >,
  backbones: { hash: string; protocol: FeatureProtocol }[],
  metrics: { metric: Metric; name: AskedMetric; backbone?: string }[],
): ScoreProtocol {
  const entries = backbones.map(({ hash, protocol }) => {
    const { backbone, sampleRate, removeMean, minSamples, repeatpad, whole, settings } = protocol
    const needs = {
      ...{ removeMean, minSamples },
      ...(repeatpad !== undefined && { repeatpad }),
      ...(whole && { whole }),
    }
    return [backbone, { sampleRate, hash, ...needs, settings }] as const
  })
  return {
    version: packageVersion(),
    ...run,
    ddof: 1,
    backbones: Object.fromEntries(entries),
    metrics: Object.fromEntries(
      metrics.map(({ metric: { settings }, name, backbone }) => [
        name,
        { ...(backbone !== undefined && { backbone }), ...settings },
      ]),
    ),
  }
}

/** Equal where clips become the same waveforms. */
export function waveformKey(protocol: FeatureProtocol): string {
  const { sampleRate, mono, removeMean, resampler, minSamples, repeatpad, whole } = protocol
  const needs = { removeMean, minSamples, repeatpad, whole }
  return canonicalJson({ sampleRate, mono, resampler, ...needs })
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
