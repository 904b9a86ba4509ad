/**
 * A page about a result: its numbers, how the clips of both sides lie to one another, and the best and
 * the worst of them to listen to.
 */
import type { ClipSource } from '../../audio/clip-source.js'
import { escapeHtml } from '../../files/html.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { splitKey } from '../../metrics/metric-at.js'
import type { Comparison, GatheredSides } from '../comparison.js'
import type { ClipRow } from '../per-clip.js'
import { drawnRole } from '../plan.js'
import type { ScoreResult } from '../result.js'
import { embeddingMap } from './embedding-map.js'
import { type Extremes, extremesOf } from './extremes.js'
import { mapSvg } from './map-svg.js'
import { clipCount, protocolText, shown, skippedTable, summary, valueTable } from './numbers.js'
import { htmlPage, section } from './page.js'
import { playerOf } from './player.js'

/** Clips at either end of a score. */
const most = 3

export interface ReportInputs {
  comparison: Comparison
  both: GatheredSides
  result: ScoreResult
  /** What was said of the run and of its numbers. */
  warnings: readonly string[]
}

/** @throws OutputError, AbortError */
export async function writeReport(path: string, inputs: ReportInputs): Promise<void> {
  const { result, warnings } = inputs
  const sections = [
    summary(result),
    valueSection(result),
    ...(warnings.length > 0 ? [section('What to know of them', list(warnings))] : []),
    await mapSection(inputs),
    ...(await clipSections(inputs)),
    skippedSection(result),
    protocolSection(result),
  ]
  await writeFileAtomic(path, htmlPage('How close generated sounds come', sections))
}

function valueSection(result: ScoreResult): string {
  const { preset } = result.protocol
  const about = preset ? `<p>By the preset ${escapeHtml(preset)}.</p>` : ''
  return section('Values', about, valueTable(result))
}

function list(texts: readonly string[]): string {
  const items = texts.map((text) => `<li class="warning">${escapeHtml(text)}</li>`)
  return `<ul>${items.join('')}</ul>`
}

/** Of the rows that fd, kad and kid compare, where a side has them. */
async function mapSection({ comparison, both }: ReportInputs): Promise<string> {
  const { extractors, plan, generated, reference } = comparison
  const role = drawnRole(plan.metrics)
  const extractor = role && extractors.get(role)
  const own = extractor && both.generated.rows.get(extractor.name)
  if (!extractor || !own) return ''
  const map = await embeddingMap(own, both.reference?.rows.get(extractor.name))
  if (map === undefined) return ''
  const sides = { generated, reference }
  const nameOf = (side: 'generated' | 'reference', clip: number) =>
    (sides[side]?.clips[clip] as ClipSource).path
  const drawn = mapSvg(map, nameOf)
  const key =
    '<p><span class="key generated" aria-hidden="true">●</span> generated ' +
    '<span class="key reference" aria-hidden="true">●</span> reference. ' +
    `Embeddings of ${escapeHtml(extractor.name)} in the plane of their two principal components: ` +
    'clips that sound alike to the network lie close. Two directions of many never show all.</p>'
  return section('Map', key, drawn)
}

async function clipSections({ comparison, result }: ReportInputs): Promise<string[]> {
  const rows = result.clips ?? []
  const sections: string[] = []
  const players = new Map<ClipSource, Promise<string>>()
  const player = (clip: ClipSource) => {
    const made = players.get(clip) ?? playerOf(clip, comparison.waveform, comparison.session)
    players.set(clip, made)
    return made
  }
  for (const extremes of extremesOf(rows, most)) {
    const worst = await figures(extremes.worst, extremes, rows, comparison, player)
    const best = await figures(extremes.best, extremes, rows, comparison, player)
    const about = `<p class="quiet">${extremes.better} is better; ${clipCount(extremes.count)}</p>`
    const parts = [worst && `<h3>Worst</h3>${worst}`, best && `<h3>Best</h3>${best}`]
    sections.push(section(extremes.title, about, ...parts))
  }
  return sections
}

async function figures(
  clips: number[],
  { key }: Extremes,
  rows: readonly ClipRow[],
  { generated, reference, pairing }: Comparison,
  player: (clip: ClipSource) => Promise<string>,
): Promise<string> {
  const partners = new Map(pairing.pairs.map((pair) => [pair.generated, pair.reference]))
  const drawn: string[] = []
  for (const index of clips) {
    const { name, prompt, [key]: value } = rows[index]
    const alone = ['clap', 'fad', 'kad'].includes(splitKey(key).base)
    const partner = alone ? undefined : partners.get(index)
    const other = partner === undefined ? undefined : reference?.clips[partner]
    const caption = [
      `<strong>${shown(value as number)}</strong> ${escapeHtml(name)}`,
      ...(prompt === undefined ? [] : [`“${escapeHtml(prompt)}”`]),
    ]
    const heard = await player(generated.clips[index])
    const beside = other && `<p class="quiet">its reference:</p>${await player(other)}`
    drawn.push(
      `<figure><figcaption>${caption.join('<br>')}</figcaption>${heard}${beside ?? ''}</figure>`,
    )
  }
  return drawn.length > 0 ? `<div class="clips">${drawn.join('')}</div>` : ''
}

function skippedSection(result: ScoreResult): string {
  const table = skippedTable(result)
  return table && section('Left out', table)
}

function protocolSection(result: ScoreResult): string {
  const about =
    '<p>All that decides the numbers besides the sounds. Two numbers can be compared where it is equal.</p>'
  return section('Protocol', about, `<pre>${escapeHtml(protocolText(result))}</pre>`)
}
