/** The file of `--prompts`: a prompt a line, or JSON Lines with options of each clip. */
import { z } from 'zod'
import { InvalidOptionError } from '../errors.js'
import { readTextFile } from '../files/text-file.js'
import { type ClipOptions, checkCombination, clipSchema } from '../generate/plan.js'
import { parseOptions } from '../options.js'

export interface NamedClip {
  clip: ClipOptions
  /** Wanted file name, without extension. */
  name?: string
}

const option = '--prompts'
/** One of them at least says what to hear. */
const sources = ['prompt', 'audioPrompt', 'mix', 'init'] as const
const lineSchema = z.strictObject({
  ...clipSchema.shape,
  name: z.string({ error: 'expected a text' }).min(1, { error: 'is empty' }).optional(),
})

/** @throws InvalidOptionError naming file and line. */
export async function readPrompts(path: string): Promise<NamedClip[]> {
  const text = await readTextFile(option, path)
  const jsonLines = /\.(jsonl|ndjson)$/i.test(path)
  const clips: NamedClip[] = []
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '') return
    clips.push(jsonLines ? parseLine(path, i + 1, line) : { clip: { prompt: line.trim() } })
  })
  if (clips.length === 0) {
    throw new InvalidOptionError(option, `${path} has no prompts`, 'write one prompt a line')
  }
  return clips
}

function parseLine(path: string, number: number, line: string): NamedClip {
  const where = `${path} line ${number}`
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new InvalidOptionError(option, `${where} is not JSON: ${(error as Error).message}`)
  }
  if (typeof value === 'string') value = { prompt: value }
  try {
    const { name, ...clip } = parseOptions(lineSchema, value)
    if (!sources.some((key) => clip[key] !== undefined)) {
      throw new InvalidOptionError('prompt', 'expected a text, got undefined')
    }
    checkCombination(clip, `${where}: `)
    return { clip, name }
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error
    const known = `a line takes ${Object.keys(lineSchema.shape).join(', ')}`
    throw new InvalidOptionError(option, `${where}: ${error.message}`, error.hint ?? known)
  }
}
