/** Which clips are trained on, and which tell how training goes. */
import type { Dataset, DatasetClip } from '../../datasets/dataset.js'
import { splitClips } from '../../datasets/split.js'
import { AudioError } from '../../errors.js'
import type { Skipped } from '../../files/walk.js'

/** A clip with captions that are not empty; none where they are not needed. */
export type TrainingClip = Pick<DatasetClip, 'id' | 'path' | 'startSeconds' | 'endSeconds'> & {
  captions: string[]
}

export interface ClipChoice {
  dataset: Dataset
  validation: Dataset | number
  /** Validation clips looked at, at most. */
  validationClips: number
  /** Whether clips without a caption are of no use. */
  needsText: boolean
  seed: bigint
}

export interface ClipEvents {
  /** All of which `onSkipped` heard. */
  readonly skipped: readonly Skipped[]
  onSkipped(path: string, reason: string): void
  onWarning(message: string): void
}

export interface ChosenClips {
  train: TrainingClip[]
  validation: TrainingClip[]
}

/** @throws InvalidOptionError where a data set is not there, AudioError where it has too few clips */
export async function chooseClips(
  choice: ClipChoice,
  events: ClipEvents,
  signal: AbortSignal,
): Promise<ChosenClips> {
  const { dataset, validation, validationClips, needsText, seed } = choice
  const load = async (from: Dataset) => {
    const { clips, problems } = await from.load(signal)
    for (const { path, reason } of problems) events.onSkipped(path, reason)
    return usable(clips, needsText, events)
  }
  const all = await load(dataset)
  requireTwo(all.length, dataset, events.skipped)
  const { train, aside } =
    typeof validation === 'number'
      ? putAside(all, validation, seed, events)
      : { train: all, aside: await load(validation) }
  const looked =
    aside.length <= validationClips
      ? aside
      : splitClips(aside, { count: validationClips, seed }).first
  return { train: train.map(toTraining), validation: looked.map(toTraining) }
}

/** `count`: of clips that can be trained on. @throws AudioError with what was skipped */
export function requireTwo(count: number, { path }: Dataset, skipped: readonly Skipped[]): void {
  if (count >= 2) return
  const found = count === 0 ? 'no clip' : 'one clip only'
  const some = skipped.slice(0, 5).map((each) => `\n  ${each.path}: ${each.reason}`)
  const more = skipped.length > 5 ? `\n  and ${skipped.length - 5} more` : ''
  const reasons = some.length > 0 ? `; skipped:${some.join('')}${more}` : ''
  throw new AudioError(`${path}: ${found} can be trained on, two are the least${reasons}`, {
    hint: 'Give a data set with more clips, or put less of it aside for validation.',
  })
}

function putAside(all: DatasetClip[], fraction: number, seed: bigint, events: ClipEvents) {
  if (fraction === 0) return { train: all, aside: [] }
  const count = Math.max(1, Math.round(fraction * all.length))
  if (all.length - count < 2) {
    events.onWarning(
      `nothing is put aside for validation: ${all.length} clips are too few to spare ${count}`,
    )
    return { train: all, aside: [] }
  }
  const { first, rest } = splitClips(all, { count, seed })
  return { train: rest, aside: first }
}

function usable(clips: DatasetClip[], needsText: boolean, events: ClipEvents): DatasetClip[] {
  return clips
    .map((clip) => ({ ...clip, captions: needsText ? clip.captions.filter(notEmpty) : [] }))
    .filter(({ path, captions }) => {
      if (!needsText || captions.length > 0) return true
      events.onSkipped(path, 'has no caption')
      return false
    })
}

function notEmpty(caption: string): boolean {
  return caption.trim() !== ''
}

function toTraining({ id, path, captions, startSeconds, endSeconds }: DatasetClip): TrainingClip {
  return { id, path, captions, startSeconds, endSeconds }
}
