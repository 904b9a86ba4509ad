/** What labels of cells are called in tables and figures. */
import type { StudyCell } from './results.js'

const names: Record<string, string> = {
  esc50: 'ESC-50',
  urbansound8k: 'US8K',
  audiocaps: 'AudioCaps',
  audioset: 'AudioSet',
  'gaussian-noise': 'Gaussian noise',
  masking: 'random masking',
  interference: 'interfering sounds',
  permutation: 'order of events',
}

/** Of a label's value; those of others stay as they are. */
export function nameOf(value: unknown): string {
  if (value === undefined) return '–'
  const text = String(value)
  return Object.hasOwn(names, text) ? names[text] : text
}

/** A label in words, such as "trained on text". */
export function labelText(label: string, value: StudyCell['labels'][string]): string {
  switch (label) {
    case 'pretrained':
      return value ? 'pre-trained' : 'from scratch'
    case 'trainCondition':
      return `trained on ${value}`
    case 'repeat':
    case 'step':
    case 'strength':
      return `${label} ${value}`
    case 'condition':
      return `from ${value}`
    default:
      return nameOf(value)
  }
}

/** Where cells differ by a label, one list for each of its values, in the order of the cells. */
export function groupBy(
  cells: readonly StudyCell[],
  ...labels: readonly string[]
): { of: Record<string, StudyCell['labels'][string] | undefined>; cells: StudyCell[] }[] {
  const groups = new Map<string, StudyCell[]>()
  for (const cell of cells) {
    const name = JSON.stringify(labels.map((label) => cell.labels[label] ?? null))
    groups.set(name, [...(groups.get(name) ?? []), cell])
  }
  return [...groups.values()].map((group) => ({
    of: Object.fromEntries(labels.map((label) => [label, group[0].labels[label]])),
    cells: group,
  }))
}

export function cellsOf(
  cells: readonly StudyCell[],
  study: StudyCell['study'],
): readonly StudyCell[] {
  return cells.filter((cell) => cell.study === study)
}
