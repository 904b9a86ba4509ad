/** How a training went, in a notebook. */
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileProblem } from '../files/file-problem.js'
import { escapeHtml, svgImage } from '../files/html.js'
import { curveSvg } from './curves/curve.js'
import { scoreOf } from './curves/curve-series.js'
import { parseMetricsLines } from './curves/metrics-lines.js'
import type { FineTuneResult } from './events.js'

/** The curve is that of the whole run, with what was trained before it was gone on with. */
export async function trainingHtml(result: FineTuneResult): Promise<string> {
  const { checkpoint, best, steps, final } = result
  const metrics = Object.entries(final.metrics ?? {}).map(([name, value]) => [
    name,
    numberText(scoreOf(value)),
  ])
  const rows = [
    ['steps', String(steps)],
    ['checkpoint', checkpoint],
    ...(best ? [['least validation loss', best]] : []),
    ['loss', numberText(final.loss)],
    ...(final.validationLoss === undefined
      ? []
      : [['validation loss', numberText(final.validationLoss)]]),
    ...metrics,
  ]
  const cells = rows.map(([name, value]) => {
    return `<tr><th scope="row">${escapeHtml(name)}</th><td style="text-align:left">${escapeHtml(value)}</td></tr>`
  })
  const curve = await curveHtml(dirname(checkpoint))
  return `<div><table><tbody>${cells.join('')}</tbody></table>${curve}</div>`
}

async function curveHtml(folder: string): Promise<string> {
  const path = join(folder, 'metrics.jsonl')
  try {
    const lines = parseMetricsLines(await readFile(path, 'utf8'))
    return svgImage(curveSvg([{ name: basename(folder), lines }]), 'Curve of the training')
  } catch (error) {
    return `<p>The curve is not there: ${escapeHtml(`${path}: ${fileProblem(error)}`)}</p>`
  }
}

function numberText(value: number | undefined): string {
  return value === undefined ? '' : String(Number(value.toPrecision(5)))
}
