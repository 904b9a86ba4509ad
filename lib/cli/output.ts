/**
 * What scripts may rely on: stdout carries the result and nothing else, with --json exactly one
 * document, for failures too; stderr is for people.
 */
import { writeFile } from 'node:fs'
import { Socket } from 'node:net'
import { promisify } from 'node:util'
import { AbortError, AudioLDMError } from '../errors.js'
import { outputError } from '../files/write-file.js'

/** Wrong usage of the command line itself. */
export class UsageError extends AudioLDMError {
  constructor(message: string, hint?: string) {
    super('USAGE', message, { hint })
  }
}

const invalidInput = new Set([
  'USAGE',
  'INVALID_OPTION',
  'INVALID_MODEL',
  'INVALID_WEIGHTS',
  'INVALID_AUDIO',
  'INVALID_LIBTORCH',
])

export function exitCodeOf(error: unknown): 1 | 2 | 130 {
  if (error instanceof AbortError) return 130
  return error instanceof AudioLDMError && invalidInput.has(error.code) ? 2 : 1
}

export interface Output {
  /** The result: `value` with --json, else `text`. Call once. */
  result(value: unknown, text: string): void
  /** A line for people. */
  note(text: string): void
}

export function createOutput(json: boolean): Output {
  return {
    result: (value, text) => {
      if (json) process.stdout.write(`${toJson(value)}\n`)
      else if (text !== '') process.stdout.write(`${text}\n`)
    },
    note: (text) => process.stderr.write(`${text}\n`),
  }
}

/** The result, where that is the bytes of a file. @throws OutputError */
export async function writeBytes(bytes: Uint8Array): Promise<void> {
  const { stdout } = process
  try {
    if (!(stdout instanceof Socket)) {
      // A file or a device: the stream loses what a disk that becomes full does not take.
      await promisify(writeFile)(process.stdout.fd, bytes)
      return
    }
    await new Promise<void>((resolve, reject) => {
      stdout.write(bytes, (error) => (error && !isClosedPipe(error) ? reject(error) : resolve()))
    })
  } catch (error) {
    throw outputError('stdout', error)
  }
}

/** A reader that has seen enough, such as `head`, closes the pipe: that is no failure. */
export function isClosedPipe(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE'
}

/** Reports a failure on both streams, as their rules demand. */
export function reportError(error: unknown, json: boolean): void {
  const known = error instanceof AudioLDMError
  const code = known ? error.code : 'INTERNAL'
  const message = error instanceof Error ? error.message : String(error)
  const hint = known ? error.hint : 'this is a defect: please report it with the text above'
  if (json) {
    process.stdout.write(`${toJson({ error: { code, message, hint: hint ?? null } })}\n`)
  }
  process.stderr.write(`error: ${message}\n${hint ? `${hint}\n` : ''}`)
  if (!known && error instanceof Error) process.stderr.write(`${error.stack}\n`)
}

/** Seeds beyond 2^53 become text: JSON numbers would lose digits. */
function toJson(value: unknown): string {
  const replace = (_: string, v: unknown) => {
    if (typeof v !== 'bigint') return v
    return v <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(v) : String(v)
  }
  return JSON.stringify(value, replace, 2)
}
