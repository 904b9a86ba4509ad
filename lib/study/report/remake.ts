import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { InvalidOptionError } from '../../errors.js'
import { fileProblem } from '../../files/file-problem.js'
import { abortSignal, expecting, parseOptions } from '../../options.js'
import { STUDIES, type StudyResults } from '../results.js'
import { writeStudyReport } from './write-report.js'

export interface StudyReportOptions {
  /** Where the report goes; default: the study's own folder. */
  outputDir?: string
  signal?: AbortSignal
}

const optionsSchema = z.strictObject({
  outputDir: z.string(expecting('a folder')).min(1, expecting('a folder')).optional(),
  signal: abortSignal.optional(),
})

/** What the report relies on; everything else is shown as it is. */
const sample = z.looseObject({ path: z.string(), id: z.string(), prompt: z.string() })
const side = z.looseObject({ count: z.number(), skipped: z.array(z.unknown()) })
const score = z.looseObject({
  metrics: z.record(z.string(), z.unknown()),
  generated: side,
  reference: side.optional(),
})
const cell = z.looseObject({
  key: z.string(),
  study: z.enum(STUDIES),
  labels: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  score,
  skipped: z.array(z.unknown()),
  samples: z.array(sample),
})
const resultsSchema = z.looseObject({
  format: z.literal('audioldm-study'),
  version: z.literal(1),
  cells: z.array(cell),
})

/**
 * Makes the report of a study again, of `results.json` and the samples in its folder. Gives the names
 * of the files.
 * @throws InvalidOptionError where there are no results, OutputError, AbortError
 */
export async function studyReport(
  folder: string,
  options: StudyReportOptions = {},
): Promise<string[]> {
  const { outputDir = folder, signal } = parseOptions(optionsSchema, options)
  const path = join(folder, 'results.json')
  const text = await readFile(path, 'utf8').catch((error) => {
    throw new InvalidOptionError('folder', `${path} cannot be read: ${fileProblem(error)}`)
  })
  return writeStudyReport(parse(text, path), outputDir, folder, signal)
}

function parse(text: string, path: string): StudyResults {
  const fail = (problem: string): never => {
    throw new InvalidOptionError('folder', `${path} is no study's results: ${problem}`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fail('it is no JSON')
  }
  const parsed = resultsSchema.safeParse(value)
  if (parsed.success) return value as StudyResults
  const { path: at, message } = parsed.error.issues[0]
  return fail(`${at.join('.') || 'the document'}: ${message}`)
}
