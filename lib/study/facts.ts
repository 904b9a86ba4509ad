/** Looking up in a study's cells what claims are about. */
import type { AskedMetric } from '../metrics/metric-at.js'
import { columnsOf, numberOf, overRepeats, ratioOf, type StudyNumber } from './numbers.js'
import type { StudyCell } from './results.js'

/** They compare waveforms; or are another of the same kind, which would count twice. */
const others = /^(lsd|psnr|ssim|kid(@.*)?|fad-infinity)$/

export class Facts {
  /** Rows of other systems are no part of the paper's claims. */
  constructor(private readonly all: readonly StudyCell[]) {}

  datasets(study: StudyCell['study']): string[] {
    return [...new Set(this.#of(study, {}).map(({ labels }) => String(labels.dataset)))]
  }

  /** What ranks systems: those of the paper, and others like them. */
  metrics(study: StudyCell['study']): AskedMetric[] {
    const columns = columnsOf(this.#of(study, {}).map(({ score }) => score))
    return columns.map(({ metric }) => metric).filter((metric) => !others.test(metric))
  }

  /** Over training seeds, where there are several. */
  number(
    study: StudyCell['study'],
    labels: StudyCell['labels'],
    metric: AskedMetric,
  ): StudyNumber | undefined {
    const numbers = this.#of(study, labels).map(({ score }) => numberOf(score, metric))
    return overRepeats(numbers.filter((number) => number !== undefined))
  }

  /** The step of the best checkpoint: with an interval where there are several seeds. */
  bestStep(labels: StudyCell['labels']): StudyNumber | undefined {
    const steps = this.#of('fine-tuning', labels).flatMap(({ training }) =>
      training ? [{ value: training.bestStep }] : [],
    )
    return overRepeats(steps)
  }

  /**
   * How far a metric is from the uncorrupted copy at a corruption's greatest strength, over how far it
   * is at that of Gaussian noise.
   */
  reaction(dataset: string, corruption: string, metric: AskedMetric): StudyNumber | undefined {
    const reaction = this.#change(dataset, corruption, metric)
    const toNoise = this.#change(dataset, 'gaussian-noise', metric)
    return reaction && toNoise && ratioOf(reaction, toNoise)
  }

  /** At the weakest and the greatest strength. */
  extremes(
    dataset: string,
    corruption: string,
    metric: AskedMetric,
  ): { none: StudyNumber; most: StudyNumber } | undefined {
    const cells = this.#of('sensitivity', { dataset, corruption })
    const strengths = cells.map(({ labels }) => Number(labels.strength))
    const at = (strength: number) =>
      this.number('sensitivity', { dataset, corruption, strength }, metric)
    const [none, most] = [at(0), at(Math.max(...strengths))]
    return none && most && Math.max(...strengths) > 0 ? { none, most } : undefined
  }

  #change(dataset: string, corruption: string, metric: AskedMetric): StudyNumber | undefined {
    const extremes = this.extremes(dataset, corruption, metric)
    if (extremes === undefined) return undefined
    const { none, most } = extremes
    const value = Math.abs(most.value - none.value)
    const { low, high } = most
    if (low === undefined || high === undefined) return { value }
    if (none.low === undefined || none.high === undefined) return { value }
    const reach = Math.hypot((high - low) / 2, (none.high - none.low) / 2)
    return { value, low: value - reach, high: value + reach }
  }

  #of(study: StudyCell['study'], labels: StudyCell['labels']): StudyCell[] {
    return this.all.filter(
      (cell) =>
        cell.study === study &&
        cell.labels.system === undefined &&
        Object.entries(labels).every(([name, value]) => cell.labels[name] === value),
    )
  }
}
