/** What compareScores tells while it runs and when it is done. */
import type { JobControl } from '../job.js'
import type { AskedMetric } from '../metrics/metric-at.js'
import type { MetricDifferences } from './differences.js'
import type { ScoreProtocol } from './protocol/protocol.js'
import type { ScoredSide, ScoreEvent } from './result.js'

export type CompareEvent =
  | {
      type: 'step'
      stage: 'a' | 'b' | 'reference' | 'prompts'
      done: number
      total: number
      path: string
      cached: boolean
    }
  | { type: 'skipped'; side: 'a' | 'b' | 'reference'; path: string; reason: string }
  | { type: 'warning'; message: string; metric?: AskedMetric; set?: 'a' | 'b' }

export interface CompareResult {
  /** Of every metric, a − b. */
  differences: MetricDifferences
  /** Whether clips of the same name were drawn together. */
  paired: boolean
  a: ScoredSide
  b: ScoredSide
  /** Absent where no metric compares. */
  reference?: ScoredSide
  /** Features of a clip by a network: those computed in this run, and those found in the cache. */
  features: { computed: number; cached: number }
  protocol: ScoreProtocol
}

/** What is told of the generated clips is of `set`. */
export function eventsOf(
  set: 'a' | 'b',
  control: JobControl<CompareEvent>,
): JobControl<ScoreEvent> {
  const { signal } = control
  const emit = (event: ScoreEvent) => {
    if (event.type === 'step') {
      const { stage } = event
      control.emit({ ...event, stage: stage === 'generated' ? set : stage })
    } else if (event.type === 'skipped') {
      const { side } = event
      control.emit({ ...event, side: side === 'generated' ? set : side })
    } else if (event.type === 'warning') {
      control.emit(event.metric ? { ...event, set } : event)
    }
  }
  return { signal, emit }
}
