/** Scores of single clips as a table for spreadsheets. */
import type { ClipRow } from '../score/per-clip.js'

const columns: [header: string, field: keyof ClipRow][] = [
  ['name', 'name'],
  ['duration_seconds', 'durationSeconds'],
  ['sample_rate', 'sampleRate'],
  ['channels', 'channels'],
  ['skipped', 'skipped'],
  ['pair', 'pair'],
  ['fad', 'fad'],
  ['kl_softmax', 'klSoftmax'],
  ['kl_sigmoid', 'klSigmoid'],
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
  const lines = [columns.map(([header]) => header)]
  for (const clip of clips) lines.push(columns.map(([, field]) => cell(clip[field])))
  return lines.map((line) => `${line.join(',')}\r\n`).join('')
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  // What begins like a formula would be run as one by a spreadsheet; an apostrophe makes it text.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
