/** What study reports while it runs. */
import type { CellLabels, StudyName } from './results.js'

/** `step` events that nobody reads are replaced by newer ones, all others stay. */
export type StudyEvent =
  | {
      type: 'cell'
      study: StudyName
      labels: CellLabels
      /** `found`: it was finished before; `started`; `finished`. */
      state: 'found' | 'started' | 'finished'
      /** Cells that are finished, of all. */
      done: number
      total: number
    }
  | {
      type: 'step'
      stage: 'references' | 'preparing' | 'training' | 'generating' | 'corrupting' | 'scoring'
      done: number
      total: number
    }
  | { type: 'skipped'; path: string; reason: string }
  | { type: 'warning'; message: string }
