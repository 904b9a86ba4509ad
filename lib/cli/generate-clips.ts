/** Which clips the command line of `generate` asks for. */
import { InvalidOptionError } from '../errors.js'
import { type ClipOptions, checkCombination, clipSchema, clipSeed } from '../generate/plan.js'
import type { SchedulerName } from '../native/binding.js'
import type { ExistingRule } from './existing.js'
import { checkSoundFlags, type SoundFlags, startsFromSound } from './generate-sound.js'
import { stdoutPath } from './output-path.js'
import { type NamedClip, readPrompts } from './prompts.js'
import type { FormatFlags } from './sound-format.js'

export interface GenerateFlags extends SoundFlags, FormatFlags {
  prompts?: string
  model?: string
  lora?: string
  loraScale?: number
  existing?: ExistingRule
  duration?: number
  steps: number
  guidance: number
  guidanceInterval?: readonly [from: number, to: number]
  featureCache?: number
  negative: string
  scheduler: SchedulerName
  eta: number
  lufs?: number
  truePeak?: number
  seed?: bigint
  count: number
  device: string
  dtype: 'auto' | 'float32' | 'bfloat16' | 'float16'
  threads?: number
  spectrogram?: string
  json?: boolean
}

export interface PlannedClip {
  /** Among all clips of the run, from 0. */
  index: number
  options: ClipOptions
  prompt: string
  seed: bigint
  name?: string
}

/** All prompts first, then all again for each count. @throws InvalidOptionError */
export async function planClips(
  prompt: string | undefined,
  flags: GenerateFlags,
  seed: bigint,
): Promise<PlannedClip[]> {
  checkStdout(flags)
  const clips = await collect(prompt, flags)
  const total = clips.length * flags.count
  if (seed + BigInt(total) > 2n ** 64n) {
    throw new InvalidOptionError('--seed', `the last of ${total} clips would pass 2^64 - 1`)
  }
  return Array.from({ length: total }, (_, index) => {
    const { clip, name } = clips[index % clips.length]
    const own = clipSeed(seed, clip.seed, index, clips.length)
    return { index, options: clip, prompt: clip.prompt ?? '', seed: own, name }
  })
}

/** On stdout there is room for one sound and nothing else. */
function checkStdout({ out, prompts, count, json }: GenerateFlags): void {
  if (out !== stdoutPath) return
  if (json) {
    const message = '- is stdout, where --json prints its document'
    throw new InvalidOptionError('--out', message, 'Give a file, or leave out --json.')
  }
  if (prompts !== undefined || count > 1) {
    const message = `- takes a single clip, and ${prompts === undefined ? '--count' : '--prompts'} makes several`
    throw new InvalidOptionError('--out', message, 'Give a folder.')
  }
  if (process.stdout.isTTY) {
    throw new InvalidOptionError(
      '--out',
      '- is stdout, and that is a terminal',
      'Pipe it, or give a file.',
    )
  }
}

async function collect(prompt: string | undefined, flags: GenerateFlags): Promise<NamedClip[]> {
  const clips: NamedClip[] = []
  if (prompt !== undefined) {
    const parsed = clipSchema.shape.prompt.safeParse(prompt)
    if (!parsed.success) throw new InvalidOptionError('prompt', parsed.error.issues[0].message)
    if (prompt.trim() === '') throw new InvalidOptionError('prompt', 'is empty')
    clips.push({ clip: { prompt } })
  }
  if (flags.prompts !== undefined) clips.push(...(await readPrompts(flags.prompts)))
  if (clips.length === 0 && (flags.audioPrompt !== undefined || startsFromSound(flags))) {
    clips.push({ clip: {} })
  }
  if (clips.length === 0) {
    throw new InvalidOptionError('prompt', 'is missing', 'give a prompt, or a file with --prompts')
  }
  checkSoundFlags(flags)
  if (flags.loraScale !== undefined && flags.lora === undefined) {
    throw new InvalidOptionError('--lora-scale', 'needs the adapters, given with --lora')
  }
  const { scheduler, eta } = flags
  checkCombination({ scheduler, eta }, '--')
  // What a line leaves out comes from the command line, so the two are checked together.
  for (const { clip } of clips) checkCombination({ scheduler, eta, ...clip }, '--')
  return clips
}
