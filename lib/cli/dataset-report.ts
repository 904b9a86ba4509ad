/** What `dataset check` found, for people. */
import type { DatasetReport } from '../datasets/tally.js'

const titles = {
  esc50: 'ESC-50',
  urbansound8k: 'UrbanSound8K',
  audiocaps: 'AudioCaps',
  audioset: 'AudioSet',
  folder: 'A folder with captions',
}
const mostNames = 10

export function reportText(report: DatasetReport): string {
  const { split, list, folds, template, clips, captions, labels, seconds } = report
  const part = split ?? list ?? (folds && `folds ${folds.join(', ')}`)
  const lines: [string, string | undefined][] = [
    ['template', template],
    ['clips', `${clips} with ${captions} captions`],
    ['labels', labelsText(labels)],
    ['folds', counts(report.clipsByFold, (fold) => fold)],
    ['length', clips > 0 ? lengthText(seconds, clips) : undefined],
    ['rates', counts(report.sampleRates, (rate) => `${rate} Hz`)],
    ['channels', counts(report.channels, (channels) => channels)],
    ['silent', some(report.silent)],
    ['same bytes', some(report.duplicates.map((paths) => paths.join(' = ')))],
    ['missing', String(report.missing)],
    ['unreadable', String(report.unreadable)],
    ['unusable rows', String(report.rows)],
  ]
  const title = `${titles[report.name]}${part ? `, ${part}` : ''}: ${report.path}`
  const table = lines.filter((line): line is [string, string] => Boolean(line[1]))
  return [title, ...table.map(([name, text]) => `  ${name.padEnd(14)} ${text}`)]
    .join('\n')
    .replace(/[^\P{C}\n]/gu, '?')
}

function labelsText(labels: Record<string, number>): string {
  const all = Object.entries(labels)
  if (all.length === 0) return ''
  const [most, least] = [all[0][1], all[all.length - 1][1]]
  if (all.length > mostNames) return `${all.length}, of ${range(least, most)} clips each`
  return counts(labels, (label) => label)
}

function range(least: number, most: number): string {
  return least === most ? String(most) : `${least} to ${most}`
}

function counts(values: Record<string, number>, name: (key: string) => string): string {
  return Object.entries(values)
    .map(([key, count]) => `${name(key)}: ${count}`)
    .join(', ')
}

function lengthText({ total, shortest, longest }: DatasetReport['seconds'], clips: number): string {
  const [low, high, mean] = [shortest, longest, total / clips].map((value) => value.toFixed(2))
  const each = low === high ? `${low} s each` : `${low} to ${high} s, ${mean} s on average`
  return `${each}, ${(total / 60).toFixed(1)} min in all`
}

function some(texts: string[]): string {
  const more = texts.length > mostNames ? `, and ${texts.length - mostNames} more` : ''
  return texts.length === 0 ? '' : `${texts.length}: ${texts.slice(0, mostNames).join(', ')}${more}`
}
