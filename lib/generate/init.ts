/** Generation that starts from a sound: how much of it is kept, and where. */
import { z } from 'zod'
import type { ClipSource } from '../audio/clip-source.js'
import type { AudioInput } from '../audio/source.js'
import { InvalidOptionError } from '../errors.js'
import type { ModelGeometry } from '../hub/model-folder.js'
import { expecting, numberIn } from '../options.js'

/** A sound to start from. */
export interface InitOptions {
  audio: AudioInput
  /**
   * How far from it: 0 is the sound as the autoencoder gives it back, 1 as if it were not there;
   * default 0.5, with a mask 1. int(steps · strength) steps are taken.
   */
  strength?: number
}

/** What is made anew of `init.audio`; the rest is kept. */
export interface MaskOptions {
  /** From … to, in seconds. */
  seconds?: [number, number][]
  /** From … to, in hertz; 'above-source': above half the sampling rate of the sound. */
  hertz?: [number, number][] | 'above-source'
}

export interface InitPlan {
  source: ClipSource
  strength: number
  mask?: MaskOptions
}

const from = numberIn(0, 1e6)
const ranges = (unit: string) => {
  const form = expecting(`a list of 1 to 100 pairs [from, to] in ${unit}, each with from < to`)
  const pair = z.tuple([from, from], form).refine(([a, b]) => a < b, form)
  return z.array(pair, form).min(1, form).max(100, form)
}

/** @internal Kept out of the declarations, which must not need zod's. */
export const initSchema = z.strictObject(
  { audio: z.custom<AudioInput>(() => true), strength: numberIn(0, 1).optional() },
  expecting('an object { audio, strength }'),
)

/** @internal */
export const maskSchema = z.strictObject(
  {
    seconds: ranges('seconds').optional(),
    hertz: z
      .union(
        [ranges('hertz'), z.literal('above-source')],
        expecting("'above-source' or a list of pairs [from, to] in hertz, each with from < to"),
      )
      .optional(),
  },
  expecting('an object { seconds } or { hertz }'),
)

export function planInit(
  { init, mask }: { init?: InitOptions; mask?: MaskOptions },
  source: (option: string, input: AudioInput) => ClipSource,
): InitPlan | undefined {
  if (init === undefined) {
    if (mask === undefined) return undefined
    throw new InvalidOptionError('mask', 'is given without init', 'Give the sound as init.audio.')
  }
  if (mask !== undefined && mask.seconds === undefined && mask.hertz === undefined) {
    throw new InvalidOptionError('mask', 'says nothing', 'Give seconds or hertz.')
  }
  const strength = init.strength ?? (mask ? 1 : 0.5)
  return { source: source('init.audio', init.audio), strength, ...(mask && { mask }) }
}

/** As diffusers' image-to-image pipelines count: int(steps · strength) steps are taken. */
export function firstStepOf(steps: number, strength: number): number {
  return steps - Math.min(Math.trunc(steps * strength), steps)
}

/** [latentFrames, latentBins]: 1 where the sound is kept, 0 where it is made anew. */
export function latentMask(
  mask: MaskOptions,
  geometry: ModelGeometry,
  size: { latentFrames: number; durationSeconds: number; sampleRate: number; sourceRate: number },
): Float32Array {
  const { latentBins, vaeFactor, hop } = geometry
  const { latentFrames, durationSeconds, sampleRate } = size
  const values = new Float32Array(latentFrames * latentBins).fill(1)
  const perSecond = sampleRate / (hop * vaeFactor)
  for (const [start, end] of mask.seconds ?? []) {
    if (end > durationSeconds + 0.5 / sampleRate) {
      throw new InvalidOptionError(
        'mask.seconds',
        `${start} … ${end} s is not within the clip, which has ${durationSeconds} s`,
      )
    }
    const first = Math.floor(start * perSecond + 1e-9)
    const last = Math.ceil(end * perSecond - 1e-9)
    values.fill(0, first * latentBins, last * latentBins)
  }
  for (const bin of regeneratedBins(mask, geometry, sampleRate, size.sourceRate)) {
    for (let t = 0; t < latentFrames; t++) values[t * latentBins + bin] = 0
  }
  return values
}

/** Latent bins of which a mel filter reaches into one of the ranges. */
function regeneratedBins(
  { hertz }: MaskOptions,
  { latentBins, vaeFactor, numMel }: ModelGeometry,
  sampleRate: number,
  sourceRate: number,
): number[] {
  if (hertz === undefined) return []
  const nyquist = sampleRate / 2
  const bands = hertz === 'above-source' ? [[sourceRate / 2, nyquist]] : hertz
  const edge = (i: number) => hertzOf((melOf(nyquist) * i) / (numMel + 1))
  const bins: number[] = []
  for (let bin = 0; bin < latentBins; bin++) {
    const low = edge(bin * vaeFactor)
    const high = edge((bin + 1) * vaeFactor + 1)
    if (bands.some(([from, to]) => from < high && to > low)) bins.push(bin)
  }
  if (bins.length > 0) return bins
  const which =
    hertz === 'above-source'
      ? `half the rate of the sound, ${sourceRate / 2} Hz, is not`
      : 'none of the ranges begins'
  throw new InvalidOptionError(
    'mask.hertz',
    `nothing is made anew: ${which} below ${nyquist} Hz, up to which the model makes sound`,
    hertz === 'above-source' ? 'Say where its band ends, as a range.' : 'Give ranges below that.',
  )
}

/** Slaney's mel scale: linear below 1 kHz, logarithmic above. */
const perMel = 200 / 3
const logStep = Math.log(6.4) / 27

function melOf(hertz: number): number {
  return hertz < 1000 ? hertz / perMel : 15 + Math.log(hertz / 1000) / logStep
}

function hertzOf(mel: number): number {
  return mel < 15 ? mel * perMel : 1000 * Math.exp((mel - 15) * logStep)
}
