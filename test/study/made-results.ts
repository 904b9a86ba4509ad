/** Results of a study that never ran: numbers by formula, intervals of a given width, sounds to hear. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeWav } from '../../lib/audio/wav.js'
import { canonicalJson } from '../../lib/files/canonical-json.js'
import type { ScoreResult } from '../../lib/score/result.js'
import type { StudyCell, StudyResults } from '../../lib/study/results.js'

export interface Numbers {
  fd: number
  is: number
  kl: number
  fad: number
}

/** `reach`: half of each interval as a part of the value; undefined for no intervals. */
export function madeScore({ fd, is, kl, fad }: Numbers, reach?: number): ScoreResult {
  const around = (value: number) => {
    const half = (reach ?? 0) * Math.max(Math.abs(value), 0.05)
    return { low: value - half, high: value + half }
  }
  const biased = (value: number) => ({
    ...around(value),
    ...{ bias: 0, infinite: { value, ...around(value) } },
  })
  return {
    metrics: { fd, fad, is: { mean: is, std: 0.1 }, kl: { softmax: kl, sigmoid: 2 * kl } },
    ...(reach !== undefined && {
      intervals: {
        ...{ fd: biased(fd), fad: biased(fad), is: around(is) },
        kl: { softmax: around(kl), sigmoid: around(2 * kl) },
      },
    }),
    generated: { count: 400, skipped: [] },
    reference: { count: 400, skipped: [], frames: 4000 },
    pairs: 400,
    features: { computed: 800, cached: 0 },
    protocol: {
      ...{ version: '0.0.0', libtorch: '2.13.0', device: 'cpu', dtype: 'float32' as const },
      ...{ arithmetic: 'float32' as const, ddof: 1 as const, mono: 'first-channel' as const },
      resampler: { name: 'sinc', lowpassFilterWidth: 6, rolloff: 0.99 } as never,
      ...{ pairing: 'name' as const, backbones: {}, metrics: {} },
    },
  }
}

export function madeCell(
  study: StudyCell['study'],
  labels: StudyCell['labels'],
  score: ScoreResult,
  more: Partial<StudyCell> = {},
): StudyCell {
  const identity = { study, labels, version: '0.0.0' }
  const key = createHash('sha256').update(canonicalJson(identity)).digest('hex')
  const list = { name: String(labels.dataset), hash: 'f'.repeat(64), items: 400 }
  return { key, study, labels, identity, score, list, skipped: [], samples: [], ...more }
}

/** Of all four studies; where audio is better, and pre-training helps except on US8K. */
export function madeStudy(reach: number | undefined = 0.05): StudyResults {
  const cells: StudyCell[] = []
  for (const [i, dataset] of ['esc50', 'urbansound8k', 'audiocaps', 'audioset'].entries()) {
    for (const condition of ['text', 'audio']) {
      const gain = condition === 'audio' ? 0.6 : 1
      const numbers = { fd: (30 + 5 * i) * gain, is: 6 / gain, kl: 2.5 * gain, fad: 4 * gain + i }
      cells.push(madeCell('baseline', { dataset, condition }, madeScore(numbers, reach)))
    }
  }
  const gains: Record<string, number> = { esc50: 0.5, urbansound8k: 1.2, audiocaps: 0.95 }
  for (const [dataset, gain] of Object.entries(gains)) {
    for (const pretrained of [false, true]) {
      for (const trainCondition of ['audio', 'text']) {
        for (const repeat of [0, 1, 2]) {
          const cost =
            (pretrained ? gain : 1) * (trainCondition === 'text' ? 0.8 : 1) * (1 + 0.01 * repeat)
          const numbers = { fd: 40 * cost, is: 5 / cost, kl: 3 * cost, fad: 6 * cost }
          const bestStep = (trainCondition === 'text' ? 20_000 : 10_000) + 1000 * repeat
          cells.push(
            madeCell(
              ...([
                'fine-tuning',
                { dataset, pretrained, trainCondition, repeat },
                madeScore(numbers, reach),
              ] as const),
              { training: { steps: 30_000, bestStep } },
            ),
          )
          for (const step of dataset === 'esc50' ? [5000, 10_000, 20_000, 30_000] : []) {
            const far = 1 + 10_000 / step
            const there = { fd: 40 * cost * far, is: 5 / far, kl: 3 * far, fad: 6 * cost * far }
            const labels = { dataset, pretrained, trainCondition, repeat, step }
            cells.push(madeCell('curves', labels, madeScore(there, reach)))
          }
        }
      }
    }
  }
  const scales = {
    'gaussian-noise': [0, 0.25, 0.5, 1],
    masking: [0, 0.1, 0.3, 0.6],
    interference: [0, 1, 3, 10],
    permutation: [0, 2, 3, 5],
  }
  for (const [corruption, strengths] of Object.entries(scales)) {
    for (const [i, strength] of strengths.entries()) {
      const quiet = corruption === 'interference' ? 0.1 : corruption === 'permutation' ? 0 : 1
      const order = corruption === 'permutation' ? 0.01 : 1
      const numbers = { fd: 20 * i * order + (order < 1 ? i : 0), is: 6 - i * quiet }
      const rest = { kl: i * quiet, fad: 3 * i * (order < 1 ? 0 : 1) }
      const labels = { dataset: 'esc50', corruption, strength }
      cells.push(madeCell('sensitivity', labels, madeScore({ ...numbers, ...rest }, reach)))
    }
  }
  return { format: 'audioldm-study', version: 1, cells, settings: { seed: 2020 } }
}

/** Gives the first cells of each study a sound, in `folder`. */
export function withSamples(results: StudyResults, folder: string): StudyResults {
  mkdirSync(join(folder, 'samples'), { recursive: true })
  const cells = results.cells.map((cell, i) => {
    if (i % 12 !== 0 || cell.samples.length > 0) return cell
    const samples = Float32Array.from(
      { length: 16_000 },
      (_, n) => 0.4 * Math.sin(n * 0.02 * (i + 1)),
    )
    const path = `samples/${cell.key.slice(0, 8)}.wav`
    writeFileSync(join(folder, path), encodeWav([samples], 16_000))
    return { ...cell, samples: [{ path, id: `clip-${i}.wav`, prompt: 'a tone that stays' }] }
  })
  return { ...results, cells }
}
