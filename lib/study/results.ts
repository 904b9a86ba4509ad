/** What a study finds: the contract between running it and reporting it. */
import type { Skipped } from '../files/walk.js'
import type { ScoreResult } from '../score/result.js'

export const STUDIES = ['baseline', 'fine-tuning', 'curves', 'sensitivity'] as const
export type StudyName = (typeof STUDIES)[number]

export type CellLabels = Record<string, string | number | boolean>

/** One entry of a table or one point of a figure. */
export interface StudyCell {
  /** SHA-256 in hex of `identity` in canonical JSON: the name under which the cell is finished. */
  key: string
  study: StudyName
  /**
   * What a table or figure arranges it by: dataset, system, condition ('text' | 'audio'),
   * pretrained, trainCondition, repeat, step, corruption, strength …
   */
  labels: CellLabels
  /** All that decides the numbers: settings, seeds, version, hashes of weights and of the list. */
  identity: Record<string, unknown>
  /** What `score` resolved to: metrics, counts, skipped, protocol, intervals. */
  score: ScoreResult
  /** The evaluation list, by its SHA-256, and how many items it has. */
  list: { name: string; hash: string; items: number }
  /** Items of the list that could not be tested, and clips of a system that are on no list. */
  skipped: Skipped[]
  /** Of fine-tuning: how many steps were trained, and the step of the checkpoint that is scored. */
  training?: { steps: number; bestStep: number }
  /** A few of the clips, relative to the study's folder. */
  samples: { path: string; id: string; prompt: string }[]
}

export interface StudyResults {
  format: 'audioldm-study'
  version: 1
  cells: StudyCell[]
  /** What was asked for, by study. */
  settings: Record<string, unknown>
}
