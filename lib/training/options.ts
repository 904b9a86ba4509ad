/** The options of fineTune. */

import type { BackboneName } from '../backbones/backbone.js'
import type { Dataset } from '../datasets/dataset.js'
import type { AskedMetric } from '../metrics/metric-at.js'

/** What the UNet is conditioned on in training: captions, sounds, or either by chance. */
export type TrainingCondition = 'text' | 'audio' | { mixed: number }

/** Layers of the UNet that get adapters. */
export type LoraTarget = 'attention' | 'film'

/** Trains low-rank adapters (LoRA) beside the weights, which stay as they are. */
export interface LoraOptions {
  /** 1 … 1024. */
  rank: number
  /** The adapter counts alpha / rank times, more than 0 … 65536; default: as rank. */
  alpha?: number
  /**
   * 'attention': queries, keys, values and outputs of attention. 'film': the projections of
   * embeddings and timesteps that modulate every block. Default: both.
   */
  targets?: LoraTarget[]
}

/** How the model is judged while it is trained: by validation loss and, if wanted, by its sound. */
export interface EvaluationOptions {
  /** Validation clips looked at, at most, 1 … 100000; default 64. The seed picks them. */
  clips?: number
  /** Timesteps per clip of the validation loss, spread evenly, 1 … 100; default 4. */
  draws?: number
  /**
   * Also generates a sound for every such clip, from its caption or, trained on sounds, from itself,
   * and scores them against the clips. Default: those of fd, fad, is and kl whose weights are given.
   * Where metrics are given and no weights are, the small classifiers of the package compute them.
   * `clap` listens with the model's own CLAP, whose audio tower must be there.
   */
  metrics?: readonly AskedMetric[]
  /** Weights of CNN14, as in score(). */
  panns?: string
  /** Weights of PaSST, as in score(). */
  passt?: string
  /** What fd, kad and kid compare clips by, as in score(); default 'cnn14-16k'. */
  backbone?: BackboneName
  /** Weights of VGGish, as in score(). */
  vggish?: string
  /** An archive of your own, as in score(). */
  embedding?: string
  /** Diffusion steps of the generated sounds, 1 … 1000; default 25. */
  steps?: number
  /** 0 … 100; default 2.5. */
  guidanceScale?: number
}

/** Sounds to listen to while the model is trained, written to `samples/` in the output folder. */
export interface SampleOptions {
  prompts: string[]
  /** After every so many steps and after the last; default: with every checkpoint. */
  every?: number
  /** 1 … 1000; default 25. */
  steps?: number
  /** 0 … 100; default 2.5. */
  guidanceScale?: number
  /** Default: segmentSeconds. */
  durationSeconds?: number
  /** Prompt i uses seed + i; default: the seed of the training. */
  seed?: number | bigint
}

/** Defaults are those the published models were trained with, where they are known. */
export interface FineTuneOptions {
  /** What is learned: esc50(), urbanSound8K(), audioCaps(), audioSet() or captionedFolder(). */
  dataset: Dataset
  /**
   * What is never trained on and tells how training goes: a data set, or the part of `dataset` that
   * is put aside, picked by the seed, 0 … 0.9; default 0.1. 0: nothing.
   */
  validation?: Dataset | number
  /** Default 'text'. `mixed`: the probability of text, 0 … 1; else the sound. */
  condition?: TrainingCondition
  /** 'pretrained' (default) goes on from the model's UNet, 'scratch' from random numbers. */
  init?: 'pretrained' | 'scratch'
  /** 1 … 10 million. Optimizer steps, of batchSize · accumulate clips each. */
  steps: number
  /** Clips that pass through the UNet at once, 1 … 1024; default 8. */
  batchSize?: number
  /** Batches whose gradients make one step, 1 … 1024; default 1. */
  accumulate?: number
  /** More than 0 … 1; default 1e-4. */
  learningRate?: number
  /** Steps in which the learning rate rises to its value; default 2000, at most a tenth of `steps`. */
  warmupSteps?: number
  /** After the warm-up; 'cosine' falls to zero at the last step. Default 'constant'. */
  schedule?: 'constant' | 'cosine'
  /** AdamW's, 0 … 1; default 0.01. */
  weightDecay?: number
  /** Gradients are scaled down to this norm, 0 … 1000000; default 1. 0: they are not. */
  maxGradientNorm?: number
  /** Of the average of the weights that checkpoints hold, 0 … 0.999999; default 0.9999. */
  emaDecay?: number
  /** Probability that a clip's condition is left out, 0 … 1; default 0.1. Guidance needs it. */
  conditionDropout?: number
  /** 'auto' (default): bfloat16 autocast where hardware has it. Weights are float32 always. */
  dtype?: 'auto' | 'float32' | 'bfloat16'
  /** Of everything that is random, 0 … 2^64 − 1; default 0. */
  seed?: number | bigint
  /**
   * Length of the clips trained on, 0.16 … 40.96; default 10.24. Shorter sounds are followed by
   * silence; of longer ones the beginning is taken or, with `cache: false`, a random part each time.
   */
  segmentSeconds?: number
  /**
   * Whether what the frozen parts make of clips and captions is computed once and kept on disk
   * (default), or again in every step.
   */
  cache?: boolean
  /** Default: AUDIOLDM_CACHE/training or the user's cache. */
  cacheDir?: string
  lora?: LoraOptions
  /** Where checkpoints, samples/, metrics.jsonl and curve.svg go. Made if it is not there. */
  outputDir: string
  /**
   * Steps between checkpoints; default: a tenth of `steps`. The last step has one always; a step that
   * was skipped, because a number was not finite, has none.
   */
  checkpointEvery?: number
  /** Newest checkpoints that stay, 1 … 1000; default 2. That of the least validation loss stays too. */
  keepLast?: number
  /** Steps between evaluations, each of which writes a checkpoint; default: as checkpointEvery. */
  evaluateEvery?: number
  evaluation?: EvaluationOptions
  sample?: SampleOptions
  /**
   * Goes on from the newest checkpoint in `outputDir`, exactly as if it had never stopped; without
   * one, starts. Default false: a folder that holds checkpoints is refused.
   */
  resume?: boolean
  /** 'auto' (default: CUDA where it works, else the CPU), 'cpu', 'cuda' or 'cuda:N'. */
  device?: string
  /** CPU threads, 1 … 1024; default: all processors this process may use. */
  threads?: number
  /** Where libtorch is, before any other place is looked at. */
  libtorchPath?: string
  signal?: AbortSignal
}
