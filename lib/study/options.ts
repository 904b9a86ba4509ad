/** The options of study. */
import type { Dataset } from '../datasets/dataset.js'
import type { ClipOptions } from '../generate/plan.js'
import type { ScoreOptions } from '../score/options.js'
import type { FineTuneOptions } from '../training/options.js'

/** How the clips are generated, as in generate(). */
export type StudyGeneration = Pick<
  ClipOptions,
  | 'durationSeconds'
  | 'steps'
  | 'guidanceScale'
  | 'guidanceInterval'
  | 'scheduler'
  | 'karras'
  | 'eta'
> & { batchSize?: number }

/** How the models of the fine-tuning study are trained, as in fineTune(). */
export type StudyTraining = Pick<
  FineTuneOptions,
  | 'steps'
  | 'batchSize'
  | 'accumulate'
  | 'learningRate'
  | 'warmupSteps'
  | 'schedule'
  | 'weightDecay'
  | 'maxGradientNorm'
  | 'emaDecay'
  | 'conditionDropout'
  | 'dtype'
  | 'segmentSeconds'
  | 'evaluateEvery'
  | 'cacheDir'
>

/** The metrics and the networks that they need, as in score(). */
export type StudyScoring = Omit<
  ScoreOptions,
  | 'generated'
  | 'reference'
  | 'pairing'
  | 'prompts'
  | 'perClip'
  | 'saveStatistics'
  | 'html'
  | 'device'
  | 'threads'
  | 'libtorchPath'
  | 'signal'
>

export interface StudyOptions {
  /**
   * What is tested: esc50(), urbanSound8K(), audioCaps(), audioSet() or captionedFolder(). Required but
   * for a miniature, which synthesises sounds where it is left out.
   */
  datasets?: readonly Dataset[]
  /** Where lists, references, cells and results.json go. A study that was stopped goes on there. */
  outputDir: string
  /** A model folder or a hub id that was pulled; default: the embedded one. */
  model?: string
  /** What fine-tuning starts from; default: as `model`. */
  base?: string
  /** Evaluation lists that were saved before, in place of those that the seed draws. */
  lists?: readonly string[]
  /**
   * Everything small, in so far as it is not given: 32 items, diffusion and training of few steps, 3
   * repeats; fine-tuning starts from the embedded model that has heard no recording. Default false.
   */
  miniature?: boolean
  /** Items of a list at most, 1 … 100000; default: 400 of ESC-50, 870 of US8K, else all. */
  items?: number
  /** What the baseline study generates from; default: text and audio. */
  conditions?: readonly ('text' | 'audio')[]
  /** Trainings of each row of the fine-tuning study, with seeds of their own, 1 … 100; default 1. */
  repeats?: number
  /** Of lists, clips and trainings, 0 … 2^64 − 1; default 0. */
  seed?: number | bigint
  generation?: StudyGeneration
  /** Needed for fine-tuning and curves: how many steps. */
  training?: StudyTraining
  scoring?: StudyScoring
  /** 'auto' (default: CUDA where it works, else the CPU), 'cpu', 'cuda' or 'cuda:N'. */
  device?: string
  /** CPU threads, 1 … 1024; default: all processors this process may use. */
  threads?: number
  /** Where libtorch is, before any other place is looked at. */
  libtorchPath?: string
  signal?: AbortSignal
}
