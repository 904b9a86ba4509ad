/** The flags of `generate` that name sounds, as options of the library. */
import { InvalidOptionError } from '../errors.js'
import { type InitOptions, type MaskOptions, maskSchema } from '../generate/init.js'

export interface SoundFlags {
  audioPrompt?: string
  candidates?: number
  init?: string
  strength?: number
  inpaint?: [number, number][]
  superResolution?: string
  cutoff?: number
  long?: boolean
  loop?: boolean
  channels?: 1 | 2
}

export interface SoundOptions {
  audioPrompt?: string
  init?: InitOptions
  mask?: MaskOptions
  candidates?: number
  long?: boolean
  loop?: boolean
  channels?: 1 | 2
}

/** '2.0-4.5,7-8' → pairs of seconds. */
export function inpaintRanges(text: string): [number, number][] {
  const number = '(\\d+\\.?\\d*|\\.\\d+)'
  const form = new RegExp(`^\\s*${number}\\s*-\\s*${number}\\s*$`)
  const pairs = text.split(',').map((range) => form.exec(range)?.slice(1).map(Number))
  const parsed = maskSchema.safeParse({ seconds: pairs })
  if (parsed.success) return pairs as [number, number][]
  throw new InvalidOptionError(
    '--inpaint',
    `expected ranges of seconds such as 2.0-4.5 or 0-1,3-3.5, got '${text}'`,
  )
}

export function startsFromSound({ init, superResolution }: SoundFlags): boolean {
  return init !== undefined || superResolution !== undefined
}

/** Refuses flags that need others. */
export function checkSoundFlags(flags: SoundFlags): void {
  if (flags.init !== undefined && flags.superResolution !== undefined) {
    throw new InvalidOptionError('--super-resolution', 'excludes --init: both name the sound')
  }
  if (flags.loop && startsFromSound(flags)) {
    throw new InvalidOptionError('--loop', 'excludes a sound to start from, which has two ends')
  }
  if (
    flags.channels === 2 &&
    (flags.inpaint !== undefined || flags.superResolution !== undefined)
  ) {
    const message = 'of a clip that keeps part of a sound: what is kept has one'
    throw new InvalidOptionError('--channels', message)
  }
  if (flags.strength !== undefined && !startsFromSound(flags)) {
    throw new InvalidOptionError('--strength', 'needs a sound to start from, given with --init')
  }
  if (flags.inpaint !== undefined && !startsFromSound(flags)) {
    throw new InvalidOptionError('--inpaint', 'needs the sound to repair, given with --init')
  }
  if (flags.cutoff !== undefined && flags.superResolution === undefined) {
    throw new InvalidOptionError('--cutoff', 'needs the sound, given with --super-resolution')
  }
}

/**
 * Only what is given: the settings that a run reports stay free of the rest. `cutoff`: that of the
 * sound for --super-resolution.
 */
export function soundOptions(flags: SoundFlags, cutoff: number | undefined): SoundOptions {
  const { audioPrompt, candidates, strength, inpaint, superResolution, long, loop, channels } =
    flags
  const audio = flags.init ?? superResolution
  const mask: MaskOptions = {
    ...(inpaint && { seconds: inpaint }),
    ...(cutoff !== undefined && { hertz: [[cutoff, 1e6] as [number, number]] }),
  }
  return {
    ...(audioPrompt !== undefined && { audioPrompt }),
    ...(audio !== undefined && { init: { audio, ...(strength !== undefined && { strength }) } }),
    ...(Object.keys(mask).length > 0 && { mask }),
    ...(candidates !== undefined && { candidates }),
    ...(long !== undefined && { long }),
    ...(loop !== undefined && { loop }),
    ...(channels !== undefined && { channels }),
  }
}

/** The library's complaint about an option, under the name that it has on the command line. */
export function withFlagNames(error: unknown, flags: SoundFlags): unknown {
  if (!(error instanceof InvalidOptionError)) return error
  const { option, message, hint } = error
  const named: Record<string, string | false> = {
    'init.audio': flags.init === undefined ? '--super-resolution' : '--init',
    'mask.seconds': flags.inpaint !== undefined && '--inpaint',
    'mask.hertz': flags.superResolution !== undefined && '--cutoff',
  }
  const flag = startsFromSound(flags) && named[option]
  if (!flag) return error
  return new InvalidOptionError(flag, message.slice(option.length + 2), hint)
}
