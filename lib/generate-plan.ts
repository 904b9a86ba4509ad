/** From the options of `generate` to one fully decided clip after another. */
import { z } from 'zod'
import { defaultSpacing } from './architectures/scheduler.js'
import { InvalidOptionError } from './errors.js'
import type { Model } from './model.js'
import type { NativeClip, NativeScheduler, SchedulerName } from './native/binding.js'
import { expecting, integerIn, numberIn, parseOptions, seedOption, show } from './options.js'

export interface ClipOptions {
  prompt: string
  /** What the sound should not be: takes the place of the empty text in the guidance. */
  negativePrompt?: string
  /** Seconds, 0.01 … 300; default 10. The models were trained on 10.24. */
  durationSeconds?: number
  /** Diffusion steps, 1 … 1000; default 25. */
  steps?: number
  /** 0 … 100; default 2.5. 1 switches guidance off and halves the work. */
  guidanceScale?: number
  /** Default 'dpmpp-2m'. */
  scheduler?: SchedulerName
  /** Karras spacing of the noise levels, for dpmpp-2m and euler; default false. */
  karras?: boolean
  /** DDIM's η, 0 … 1; default 0. 1 is what the original repository uses. */
  eta?: number
  /** Of this clip, + 1 at each repetition; default: the job's seed + the clip's index. */
  seed?: number | bigint
}

/** Everything that decides a clip, defaults filled in. */
export interface ClipSettings {
  prompt: string
  negativePrompt: string
  durationSeconds: number
  steps: number
  guidanceScale: number
  scheduler: SchedulerName
  karras: boolean
  eta: number
  seed: bigint
}

/** A clip that the core can be asked for. Clips with equal `batchKey` can be denoised together. */
export interface Clip {
  index: number
  settings: ClipSettings
  native: NativeClip
  scheduler: NativeScheduler
  latentFrames: number
  samples: number
  batchKey: string
  warning?: string
}

const maxPromptLength = 1_000_000
const text = z
  .string(expecting('a text'))
  .max(maxPromptLength, { error: `is longer than ${maxPromptLength} characters` })

/** @internal Kept out of the declarations, which must not need zod's. */
export const clipSchema = z.strictObject({
  prompt: text,
  negativePrompt: text.optional(),
  durationSeconds: numberIn(0.01, 300, ' seconds').optional(),
  steps: integerIn(1, 1000).optional(),
  guidanceScale: numberIn(0, 100).optional(),
  scheduler: z
    .enum(['dpmpp-2m', 'ddim', 'euler', 'euler-a'], expecting('dpmpp-2m, ddim, euler or euler-a'))
    .optional(),
  karras: z.boolean(expecting('true or false')).optional(),
  eta: numberIn(0, 1).optional(),
  seed: seedOption.optional(),
})

type Shared = Omit<ClipOptions, 'prompt'> & { seed: number | bigint }

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
  return Array.from({ length: total }, (_, index) => {
    const own = parsed[index % parsed.length]
    const round = Math.floor(index / parsed.length)
    const seed =
      own.seed === undefined
        ? BigInt(shared.seed) + BigInt(index)
        : BigInt(own.seed) + BigInt(round)
    return planClip(model, index, { ...shared, ...definedOnly(own), seed } as ClipOptions)
  })
}

function parsePrompt(entry: unknown, index: number | undefined): ClipOptions {
  const name = index === undefined ? 'prompt' : `prompt[${index}]`
  const value = typeof entry === 'string' ? { prompt: entry } : entry
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

function planClip(model: Model, index: number, options: ClipOptions): Clip {
  const settings: ClipSettings = {
    prompt: options.prompt,
    negativePrompt: options.negativePrompt ?? '',
    durationSeconds: options.durationSeconds ?? 10,
    steps: options.steps ?? 25,
    guidanceScale: options.guidanceScale ?? 2.5,
    scheduler: options.scheduler ?? 'dpmpp-2m',
    karras: options.karras ?? false,
    eta: options.eta ?? 0,
    seed: BigInt(options.seed as number | bigint),
  }
  checkCombination(settings)
  if (settings.seed >= 2n ** 64n) {
    throw new InvalidOptionError(
      'seed',
      `clip ${index} would have seed ${settings.seed}, past 2^64 − 1`,
    )
  }
  const { geometry, schedule, alphasCumprod } = model.folder
  if (settings.steps > alphasCumprod.length) {
    throw new InvalidOptionError(
      'steps',
      `this model was trained on ${alphasCumprod.length} steps and cannot take ${settings.steps}`,
    )
  }
  const rate = model.info.sampleRate
  // As diffusers' pipeline rounds: mel frames down, then up to a multiple of the VAE's factor.
  const melFrames = Math.max(1, Math.trunc(settings.durationSeconds / (geometry.hop / rate)))
  const latentFrames = Math.ceil(melFrames / geometry.vaeFactor)
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
  const guided = settings.guidanceScale !== 1
  return {
    index,
    settings,
    native: {
      inputIds: positive.ids,
      negativeInputIds: negative.ids,
      guidanceScale: settings.guidanceScale,
      seed: settings.seed,
    },
    scheduler,
    latentFrames,
    samples: Math.trunc(settings.durationSeconds * rate),
    batchKey: JSON.stringify([latentFrames, scheduler, guided]),
    warning: truncation(positive, 'prompt') ?? truncation(negative, 'negative prompt'),
  }
}

function truncation(
  encoded: { truncated: boolean; tokens: number; ids: Int32Array },
  what: string,
): string | undefined {
  if (!encoded.truncated) return undefined
  return `the ${what} has ${encoded.tokens} tokens; what is past the first ${encoded.ids.length} was ignored`
}
