/** The lines of `metrics.jsonl`, the record that a training run keeps. */

/** A line a step, and one an evaluation; what is not known, or not finite, is left out. */
export interface MetricsLine {
  step: number
  loss?: number
  learningRate?: number
  gradientNorm?: number
  validationLoss?: number
  /** As `score` names them: numbers, or objects of numbers such as `{ mean, std }`. */
  metrics?: Record<string, unknown>
}

/**
 * A last line that was cut off, as a killed run may leave it, is passed over.
 * @throws Error that names the line, where another one is not an object with a step
 */
export function parseMetricsLines(text: string): MetricsLine[] {
  const rows = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const lines: MetricsLine[] = []
  for (const [i, row] of rows.entries()) {
    if (row.trim() === '') continue
    const line = parseLine(row)
    if (line !== undefined) lines.push(line)
    else if (i < rows.length - 1) throw new Error(`line ${i + 1} is not a JSON object with a step`)
  }
  return lines
}

function parseLine(row: string): MetricsLine | undefined {
  let value: Record<string, unknown> | null
  try {
    value = JSON.parse(row)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { step, metrics } = value
  if (typeof step !== 'number' || !Number.isSafeInteger(step) || step < 0) return undefined
  const line: MetricsLine = { step }
  for (const name of ['loss', 'learningRate', 'gradientNorm', 'validationLoss'] as const) {
    const number = value[name]
    if (typeof number === 'number' && Number.isFinite(number)) line[name] = number
  }
  if (typeof metrics === 'object' && metrics !== null && !Array.isArray(metrics)) {
    line.metrics = metrics as Record<string, unknown>
  }
  return line
}
