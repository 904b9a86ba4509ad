/** The best and the worst clips by each score of single clips. */
import type { ClipScores } from '../../metrics/metric.js'
import { splitKey } from '../../metrics/metric-at.js'
import type { ClipRow } from '../per-clip.js'

interface ScoreKind {
  title: string
  better: 'lower' | 'higher'
}

const kinds: Readonly<Record<Exclude<keyof ClipScores, `${string}@${string}`>, ScoreKind>> = {
  klSoftmax: { title: 'KL, softmax', better: 'lower' },
  klSigmoid: { title: 'KL, sigmoid', better: 'lower' },
  kad: { title: 'KAD, what the clip makes of it', better: 'lower' },
  fad: { title: 'FAD of the single clip', better: 'lower' },
  lsd: { title: 'Log-spectral distance', better: 'lower' },
  psnr: { title: 'PSNR, dB', better: 'higher' },
  ssim: { title: 'SSIM', better: 'higher' },
  clap: { title: 'CLAP similarity with the prompt', better: 'higher' },
}

export interface Extremes extends ScoreKind {
  key: keyof ClipScores
  /** How many clips have it. */
  count: number
  /** Indices of clips, the worst and the best first. */
  worst: number[]
  best: number[]
}

/** The scores that single clips have, in the order of the metrics. */
export function scoresOf(clips: readonly ClipRow[]): (ScoreKind & { key: keyof ClipScores })[] {
  const keys = new Set(clips.flatMap((clip) => Object.keys(clip))) as Set<keyof ClipScores>
  return Object.keys(kinds).flatMap((kind) =>
    [...keys].filter((key) => splitKey(key).base === kind).map((key) => ({ key, ...kindOf(key) })),
  )
}

/** What a score of single clips is called, with the network where it is not the usual one. */
function kindOf(key: string): ScoreKind {
  const { base, behind } = splitKey(key)
  const own = kinds[base as keyof typeof kinds]
  return { ...own, title: behind ? `${own.title}, by ${behind.slice(1)}` : own.title }
}

/** `most` clips at either end, none at both; nothing of a score that no clip has. */
export function extremesOf(clips: readonly ClipRow[], most: number): Extremes[] {
  return scoresOf(clips).flatMap(({ key, ...kind }) => {
    const sign = kind.better === 'lower' ? 1 : -1
    const scored = clips.flatMap((clip, index) => {
      const value = clip[key]
      return value === undefined || Number.isNaN(value) ? [] : [{ index, value }]
    })
    if (scored.length === 0) return []
    scored.sort((a, b) => (a.value === b.value ? a.index - b.index : sign * (a.value - b.value)))
    const order = scored.map(({ index }) => index)
    const best = order.slice(0, Math.min(most, Math.ceil(order.length / 2)))
    const worst = order.slice(best.length).reverse().slice(0, most)
    return [{ key, ...kind, count: order.length, worst, best }]
  })
}
