/** The files of a study's report. */
import { join } from 'node:path'
import { fileClip } from '../../audio/clip-source.js'
import { AudioReaderPool } from '../../audio/reader-pool.js'
import { AudioError } from '../../errors.js'
import { escapeHtml } from '../../files/html.js'
import { makeFolder, writeFileAtomic } from '../../files/write-file.js'
import { soundHtml } from '../../score/report/sound-html.js'
import type { StudyCell, StudyResults } from '../results.js'
import { figuresOf } from './figure.js'
import { figureSvg } from './figure-svg.js'
import { studyPage } from './html.js'
import { markdownReport } from './markdown.js'
import { tablesOf } from './tables.js'
import { csvTable, latexDocument, latexTable } from './write-tables.js'

const resultsFile = 'results.json'

/**
 * Writes into `folder`, which it makes: results.json, report.md, report.html, report.tex, each table as
 * .csv and .tex and each figure as .svg. `studyFolder` is where samples lie. Gives the files' names.
 * @throws OutputError
 */
export async function writeStudyReport(
  results: StudyResults,
  folder: string,
  studyFolder: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<string[]> {
  await makeFolder(folder)
  // First of all: the rest can be made from it again.
  await writeFileAtomic(join(folder, resultsFile), `${JSON.stringify(results, null, 2)}\n`)
  const tables = tablesOf(results)
  const files: [name: string, text: string][] = [
    ['report.md', markdownReport(results)],
    ['report.html', await pageOf(results, studyFolder, signal)],
    ['report.tex', latexDocument(tables.map(({ id }) => id))],
    ...tables.flatMap((table): [string, string][] => [
      [`${table.id}.csv`, csvTable(table)],
      [`${table.id}.tex`, latexTable(table)],
    ]),
    ...figuresOf(results).map((figure): [string, string] => [
      `${figure.id}.svg`,
      figureSvg(figure),
    ]),
  ]
  for (const [name, text] of files) {
    signal.throwIfAborted()
    await writeFileAtomic(join(folder, name), text)
  }
  return [resultsFile, ...files.map(([name]) => name)]
}

async function pageOf(
  results: StudyResults,
  studyFolder: string,
  signal: AbortSignal,
): Promise<string> {
  const reader = new AudioReaderPool()
  try {
    return await studyPage(results, (sample) => soundOf(sample, studyFolder, reader, signal))
  } finally {
    await reader.dispose()
  }
}

/** Where it cannot be heard, the reason stands in its place. */
async function soundOf(
  { path, id }: StudyCell['samples'][number],
  studyFolder: string,
  reader: AudioReaderPool,
  signal: AbortSignal,
): Promise<string> {
  try {
    const { audio } = await fileClip(join(studyFolder, path), path).read(reader, signal)
    return await soundHtml(id, audio.channels[0], audio.sampleRate)
  } catch (error) {
    if (!(error instanceof AudioError)) throw error
    return `<p class="quiet">${escapeHtml(`${path} ${error.message}`)}</p>`
  }
}
