/** From the options of `generate` to one fully decided clip after another. */
import { z } from 'zod'
import { defaultSpacing } from '../architectures/scheduler.js'
import { levelShape } from '../audio/audio.js'
import type { ClipSource } from '../audio/clip-source.js'
import type { Loudness } from '../audio/loudness.js'
import type { AudioInput } from '../audio/source.js'
import { InvalidOptionError } from '../errors.js'
import { requireAudioEncoder } from '../model/encode.js'
import type { Model } from '../model/model.js'
import type { NativeClip, NativeScheduler, SchedulerName } from '../native/binding.js'
import { expecting, integerIn, numberIn, parseOptions, seedOption, show } from '../options.js'
import {
  type Condition,
  changesOverTime,
  type MixedPart,
  type MixPart,
  mixedParts,
  mixSchema,
  planCondition,
  sourceOnce,
} from './condition.js'
import {
  firstStepOf,
  type InitOptions,
  type InitPlan,
  initSchema,
  type MaskOptions,
  maskSchema,
  planInit,
} from './init.js'
import { checkOverTime, sizeClip } from './size.js'

export interface ClipOptions {
  /** Required unless one of the four below is given. */
  prompt?: string
  /** A sound in the place of the prompt, or, with a prompt, mixed with it in equal parts. */
  audioPrompt?: AudioInput
  /** Texts and sounds in the place of the prompt: the weighted sum of their embeddings. */
  mix?: MixPart[]
  /** A sound to start from. */
  init?: InitOptions
  /** What is made anew of the sound to start from; the rest of it is kept. */
  mask?: MaskOptions
  /**
   * So many clips are made, 1 … 16, and the one most like its prompt by CLAP is kept; default 1.
   * Candidate j has the seed of the clip + j · 100 000 000.
   */
  candidates?: number
  /**
   * Whether a clip longer than 10.24 s is made in overlapping windows of that length; default: one
   * longer than 20.48 s is.
   */
  long?: boolean
  /**
   * Whether the end meets the beginning, so that the clip can be repeated without a seam; default
   * false. Its length is rounded up to a whole latent frame, 0.04 s of the published models.
   */
  loop?: boolean
  /**
   * 2: stereo, made of the clip and a second take that starts from it; default 1. The mean of both is
   * the clip with one channel. It takes half of the steps again, and comes without `audio` events.
   */
  channels?: 1 | 2
  /** What the sound should not be: takes the place of the empty text in the guidance. */
  negativePrompt?: string
  /** Seconds, 0.01 … 300; default 10, or less where the model was trained
   * on shorter clips, or those of the sound to start from. The published ones were trained on 10.24. */
  durationSeconds?: number
  /** Diffusion steps, 1 … 1000; default 25. */
  steps?: number
  /** 0 … 100; default 2.5. 1 switches guidance off and halves the work. */
  guidanceScale?: number
  /**
   * The noise levels that are guided, [from, to] with 0 ≤ from < to ≤ 1: 1 is pure noise, 0 a clean
   * sound; default all, [0, 1]. At others the scale is 1, which halves the work there.
   */
  guidanceInterval?: readonly [from: number, to: number]
  /**
   * The deep features of the UNet are computed at every n-th step and reused at those between, 1 … 10;
   * default 1: at each. 2 and more take less time and change the sound.
   */
  featureCache?: number
  /** Default 'dpmpp-2m'. */
  scheduler?: SchedulerName
  /** Karras spacing of the noise levels, for dpmpp-2m and euler; default false. */
  karras?: boolean
  /** DDIM's η, 0 … 1; default 0. 1 is what the original repository uses. */
  eta?: number
  /**
   * Integrated loudness (ITU-R BS.1770-4) of the clip, −70 … 0 LUFS; default: as it comes. It comes
   * whole then, without `audio` events.
   */
  lufs?: number
  /** dB that the true peak stays below, −60 … 0; default −1 with `lufs`, else none. */
  truePeak?: number
  /** Of this clip, + 1 at each repetition; default: the job's seed + the clip's index. */
  seed?: number | bigint
}

/** Everything that decides a clip, defaults filled in. */
export interface ClipSettings {
  /** '' where there is none. */
  prompt: string
  negativePrompt: string
  durationSeconds: number
  steps: number
  guidanceScale: number
  /** Where not all noise levels are guided. */
  guidanceInterval?: readonly [from: number, to: number]
  /** Where not every step computes the whole UNet. */
  featureCache?: number
  scheduler: SchedulerName
  karras: boolean
  eta: number
  /** Of several candidates, that of the one which was kept. */
  seed: bigint
  /** With audioPrompt or mix: the parts of the condition. */
  mix?: MixedPart[]
  init?: { audio: string; strength: number }
  mask?: MaskOptions
  /** With more than one: how similar each is to the condition, in their order. */
  candidates?: { seed: bigint; similarity: number }[]
  /** The clip was made in overlapping windows. */
  long?: true
  loop?: true
  channels?: 2
  /**
   * With two channels: their mean is the clip with one, times this (before lufs and truePeak). Below
   * 1 where a channel would have passed full scale.
   */
  foldDownGain?: number
  lufs?: number
  truePeak?: number
  /** With one of these two: what was reached. */
  loudness?: Loudness
}

/** A clip that the core can be asked for. Clips with equal `batchKey` can be denoised together. */
export interface Clip {
  index: number
  settings: ClipSettings
  native: NativeClip
  scheduler: NativeScheduler
  firstStep: number
  /** What the embedding is made of; undefined where the core embeds the prompt. */
  condition?: Condition[]
  init?: InitPlan
  candidates: number
  long?: boolean
  loop?: boolean
  channels: 1 | 2
  /** The duration, where one is given: the sound to start from may decide. */
  givenSeconds?: number
  warning?: string
}

const maxPromptLength = 1_000_000
/** @internal */
export const promptText = z
  .string(expecting('a text'))
  .max(maxPromptLength, { error: `is longer than ${maxPromptLength} characters` })

/** Its form is checked where it becomes a source. */
const anySound = z.custom<AudioInput>(() => true)

/** @internal Kept out of the declarations, which must not need zod's. */
export const clipSchema = z.strictObject({
  prompt: promptText.optional(),
  audioPrompt: anySound.optional(),
  mix: mixSchema(promptText, anySound).optional(),
  init: initSchema.optional(),
  mask: maskSchema.optional(),
  candidates: integerIn(1, 16).optional(),
  long: z.boolean(expecting('true or false')).optional(),
  loop: z.boolean(expecting('true or false')).optional(),
  channels: z.union([z.literal(1), z.literal(2)], expecting('1 or 2')).optional(),
  negativePrompt: promptText.optional(),
  durationSeconds: numberIn(0.01, 300, ' seconds').optional(),
  steps: integerIn(1, 1000).optional(),
  guidanceScale: numberIn(0, 100).optional(),
  guidanceInterval: z
    .tuple([numberIn(0, 1), numberIn(0, 1)], expecting('two numbers, [from, to]'))
    .refine(([from, to]) => from < to, { error: 'the first number is not below the second' })
    .optional(),
  featureCache: integerIn(1, 10).optional(),
  scheduler: z
    .enum(['dpmpp-2m', 'ddim', 'euler', 'euler-a'], expecting('dpmpp-2m, ddim, euler or euler-a'))
    .optional(),
  karras: z.boolean(expecting('true or false')).optional(),
  eta: numberIn(0, 1).optional(),
  seed: seedOption.optional(),
  ...levelShape,
})

type Shared = Omit<ClipOptions, 'prompt'> & { seed: number | bigint }

type SourceOf = (option: string, input: AudioInput) => ClipSource

/** Checks the prompts and decides every clip: all prompts first, then all again for each count. */
export function planClips(model: Model, prompt: unknown, count: number, shared: Shared): Clip[] {
  const prompts = Array.isArray(prompt) ? prompt : [prompt]
  if (prompts.length === 0) {
    throw new InvalidOptionError('prompt', 'the list of prompts is empty', 'give at least one')
  }
  const parsed = prompts.map((entry, i) =>
    parsePrompt(entry, Array.isArray(prompt) ? i : undefined),
  )
  const total = parsed.length * count
  const source = sourceOnce()
  return Array.from({ length: total }, (_, index) => {
    const own = parsed[index % parsed.length]
    const seed = clipSeed(shared.seed, own.seed, index, parsed.length)
    return planClip(model, index, { ...shared, ...definedOnly(own), seed }, source)
  })
}

/**
 * Of clip `index` of a job with so many prompts: the job's seed + index or, of a prompt with a seed
 * of its `own`, that + 1 at each repetition.
 * @internal
 */
export function clipSeed(
  shared: number | bigint,
  own: number | bigint | undefined,
  index: number,
  prompts: number,
): bigint {
  if (own === undefined) return BigInt(shared) + BigInt(index)
  return BigInt(own) + BigInt(Math.floor(index / prompts))
}

function parsePrompt(entry: unknown, index: number | undefined): ClipOptions {
  const name = index === undefined ? 'prompt' : `prompt[${index}]`
  const alone = typeof entry === 'string' || (entry === undefined && index === undefined)
  const value = alone ? { prompt: entry } : entry
  if (typeof value !== 'object' || value === null) {
    throw new InvalidOptionError(name, `expected a text or clip options, got ${show(entry)}`)
  }
  try {
    return parseOptions(clipSchema, value) as ClipOptions
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error
    const inner = error.option === 'prompt' ? name : `${name}.${error.option}`
    throw new InvalidOptionError(inner, error.message.slice(error.option.length + 2))
  }
}

function definedOnly<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<T>
}

/**
 * Refuses options that exclude each other, as far as they are given. `prefix` stands before the
 * option's name in the message.
 * @internal
 */
export function checkCombination(
  { scheduler, eta, karras }: Pick<ClipOptions, 'scheduler' | 'eta' | 'karras'>,
  prefix = '',
): void {
  if (eta && scheduler && scheduler !== 'ddim') {
    throw new InvalidOptionError(`${prefix}eta`, `applies to ddim only, not to ${scheduler}`)
  }
  if (karras && (scheduler === 'ddim' || scheduler === 'euler-a')) {
    throw new InvalidOptionError(`${prefix}karras`, `does not apply to ${scheduler}`)
  }
}

function planClip(model: Model, index: number, options: ClipOptions, source: SourceOf): Clip {
  const condition = planCondition(options, source)
  const init = planInit(options, source)
  if (options.prompt === undefined && condition === undefined && init === undefined) {
    const expected = 'expected a text, or audioPrompt, mix or init in its place'
    throw new InvalidOptionError('prompt', `${expected}, got undefined`)
  }
  if (options.loop) checkLoop(condition, init)
  const channels = options.channels ?? 1
  if (channels === 2 && init?.mask) {
    throw new InvalidOptionError('channels', 'of a clip with a mask: what is kept has one')
  }
  const candidates = options.candidates ?? 1
  if (candidates > 1) requireAudioEncoder(model, 'candidates')
  if (condition?.some(({ audio }) => audio)) {
    requireAudioEncoder(model, options.mix ? 'mix' : 'audioPrompt')
  }
  const settings: ClipSettings = {
    prompt: options.prompt ?? '',
    negativePrompt: options.negativePrompt ?? '',
    durationSeconds: options.durationSeconds ?? model.folder.usualSeconds,
    steps: options.steps ?? 25,
    guidanceScale: options.guidanceScale ?? 2.5,
    ...(options.guidanceInterval && { guidanceInterval: options.guidanceInterval }),
    ...((options.featureCache ?? 1) > 1 && { featureCache: options.featureCache }),
    scheduler: options.scheduler ?? 'dpmpp-2m',
    karras: options.karras ?? false,
    eta: options.eta ?? 0,
    seed: BigInt(options.seed as number | bigint),
    ...(condition && { mix: mixedParts(condition) }),
    ...(init && { init: { audio: init.source.path, strength: init.strength } }),
    ...(init?.mask && { mask: init.mask }),
    ...(options.loop && { loop: true as const }),
    ...(channels === 2 && { channels }),
    ...(options.lufs !== undefined && { lufs: options.lufs }),
    ...(options.truePeak !== undefined && { truePeak: options.truePeak }),
  }
  checkCombination(settings)
  if (settings.seed >= 2n ** 64n) {
    throw new InvalidOptionError(
      'seed',
      `clip ${index} would have seed ${settings.seed}, past 2^64 − 1`,
    )
  }
  const { schedule, alphasCumprod } = model.folder
  if (settings.steps > alphasCumprod.length) {
    throw new InvalidOptionError(
      'steps',
      `this model was trained on ${alphasCumprod.length} steps and cannot take ${settings.steps}`,
    )
  }
  const scheduler: NativeScheduler = {
    name: settings.scheduler,
    steps: settings.steps,
    eta: settings.eta,
    karras: settings.karras,
    stepsOffset: schedule.stepsOffset,
    setAlphaToOne: schedule.setAlphaToOne,
    timestepSpacing: schedule.timestepSpacing ?? defaultSpacing[settings.scheduler],
  }
  const positive = model.tokenizer.encode(settings.prompt)
  const negative = model.tokenizer.encode(settings.negativePrompt)
  const clip: Clip = {
    index,
    settings,
    native: {
      inputIds: positive.ids,
      negativeInputIds: negative.ids,
      guidanceScale: settings.guidanceScale,
      ...(settings.guidanceInterval && {
        guidanceInterval: timestepsOf(settings.guidanceInterval, alphasCumprod.length),
      }),
      seed: settings.seed,
    },
    scheduler,
    firstStep: init ? firstStepOf(settings.steps, init.strength) : 0,
    condition,
    init,
    candidates,
    long: options.long,
    loop: options.loop,
    channels,
    givenSeconds: options.durationSeconds,
    warning: truncation(positive, 'prompt') ?? truncation(negative, 'negative prompt'),
  }
  // What is wrong with a length that is known should be said at once.
  if (init === undefined) checkOverTime(clip, sizeClip(model, settings.durationSeconds, clip))
  return clip
}

/** Refuses what has a beginning and an end of its own. */
function checkLoop(condition: Condition[] | undefined, init: InitPlan | undefined): void {
  if (init) throw new InvalidOptionError('loop', 'excludes init: a sound has two ends')
  if (!condition || !changesOverTime(condition)) return
  throw new InvalidOptionError('loop', 'excludes weights that change over time')
}

/** Of noise levels from 0 to 1, of a model that was trained on so many timesteps. */
function timestepsOf([from, to]: readonly [number, number], count: number) {
  return { from: from * count, to: to * count }
}

function truncation(
  encoded: { truncated: boolean; tokens: number; ids: Int32Array },
  what: string,
): string | undefined {
  if (!encoded.truncated) return undefined
  return `the ${what} has ${encoded.tokens} tokens; what is past the first ${encoded.ids.length} was ignored`
}
