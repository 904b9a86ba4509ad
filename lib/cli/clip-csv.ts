/** Scores of single clips as a table for spreadsheets. */
import { csvText } from '../files/csv.js'
import type { ClipRow } from '../score/per-clip.js'

type Column = [header: string, field: keyof ClipRow]

const columns: readonly Column[] = [
  ['name', 'name'],
  ['duration_seconds', 'durationSeconds'],
  ['sample_rate', 'sampleRate'],
  ['channels', 'channels'],
  ['skipped', 'skipped'],
  ['pair', 'pair'],
  ['fad', 'fad'],
  ['kl_softmax', 'klSoftmax'],
  ['kl_sigmoid', 'klSigmoid'],
  ['kad', 'kad'],
  ['lsd', 'lsd'],
  ['psnr', 'psnr'],
  ['ssim', 'ssim'],
  ['prompt', 'prompt'],
  ['clap', 'clap'],
  ['top_class', 'topClass'],
  ['top_probability', 'topProbability'],
]

/** A cell is empty where a clip has no such score. */
export function clipCsv(clips: ClipRow[]): string {
  const all = columns.flatMap((column) => [column, ...behind(column, clips)])
  const head = all.map(([header]) => header)
  return csvText([head, ...clips.map((clip) => all.map(([, field]) => clip[field]))])
}

/** Those of the same number by other backbones, such as `klSoftmax@passt`. */
function behind([header, field]: Column, clips: ClipRow[]): Column[] {
  const keys = new Set(clips.flatMap((clip) => Object.keys(clip)))
  return [...keys]
    .filter((key) => key.startsWith(`${field}@`))
    .map((key) => [header + key.slice(field.length), key as keyof ClipRow])
}
