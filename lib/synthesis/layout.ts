/** What the files of a data set are called and what its lists say: ESC-50's layout, and captions. */
import type { ClipPlan } from './clip.js'
import { classes } from './registry.js'

export const foldCount = 5

export const lists = {
  /** The columns of ESC-50. */
  esc50: 'meta/esc50.csv',
  /** What is trained on. */
  captions: 'captions.jsonl',
  /** The same clips in wordings that are never trained on. */
  heldOut: 'held-out.jsonl',
}

const columns = 'filename,fold,target,category,esc10,src_file,take'

export interface ClipPlace {
  fold: number
  target: number
  source: number
  /** Relative to the folder. */
  file: string
}

/** FOLD-SOURCE-TAKE-TARGET.wav; every clip is a source of its own. */
export function placeOf({ soundClass, number }: ClipPlan): ClipPlace {
  const target = classes.indexOf(soundClass)
  const fold = 1 + (number % foldCount)
  const source = 1_000_000 * (target + 1) + number
  return { fold, target, source, file: `audio/${fold}-${source}-A-${target}.wav` }
}

export function esc50List(plans: readonly ClipPlan[]): string {
  const rows = plans.map((plan) => {
    const { fold, target, source, file } = placeOf(plan)
    const name = file.slice('audio/'.length)
    return [name, fold, target, plan.soundClass.name, 'False', source, 'A'].join(',')
  })
  return `${[columns, ...rows].join('\n')}\n`
}

/** A line a clip; those without any caption are left out. */
export function captionList(
  plans: readonly ClipPlan[],
  captions: (plan: ClipPlan) => string[],
): string {
  return plans
    .map((plan) => {
      const { file, fold } = placeOf(plan)
      const { soundClass, attributes } = plan
      const label = soundClass.name.replaceAll('_', ' ')
      return { file, captions: captions(plan), label, fold, attributes }
    })
    .filter((line) => line.captions.length > 0)
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')
}
