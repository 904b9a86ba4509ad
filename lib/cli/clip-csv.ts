/** Scores of single clips as a table for spreadsheets. */
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

/** RFC 4180; a cell is empty where a clip has no such score. */
export function clipCsv(clips: ClipRow[]): string {
  const all = columns.flatMap((column) => [column, ...behind(column, clips)])
  const lines = [all.map(([header]) => header)]
  for (const clip of clips) lines.push(all.map(([, field]) => cell(clip[field])))
  return lines.map((line) => `${line.join(',')}\r\n`).join('')
}

/** Those of the same number by other backbones, such as `klSoftmax@passt`. */
function behind([header, field]: Column, clips: ClipRow[]): Column[] {
  const keys = new Set(clips.flatMap((clip) => Object.keys(clip)))
  return [...keys]
    .filter((key) => key.startsWith(`${field}@`))
    .map((key) => [header + key.slice(field.length), key as keyof ClipRow])
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  // What begins like a formula would be run as one by a spreadsheet; an apostrophe makes it text.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
