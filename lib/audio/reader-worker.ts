/** The program of a worker thread that reads sound files, one at a time. */
import { parentPort } from 'node:worker_threads'
import { AudioError } from '../errors.js'
import { hashOf, readAudioFile } from './audio-file.js'
import { decodeAudio } from './read.js'
import {
  type ReaderFailure,
  type ReaderReply,
  type ReaderRequest,
  type ReaderResult,
  ready,
} from './reader-messages.js'

async function run(request: ReaderRequest): Promise<ReaderResult> {
  const bytes = request.task === 'decode' ? request.bytes : await readAudioFile(request.path)
  const hash = hashOf(bytes)
  return request.task === 'hash' ? { hash } : { hash, audio: await decodeAudio(bytes) }
}

function failureOf(error: unknown): ReaderFailure {
  const { message, hint } = error as AudioError
  const expected = error instanceof AudioError
  return {
    message: expected ? message : `cannot be read (${message})`,
    hint,
    decoderFailed: !expected || brokeDown(error.cause),
  }
}

/** Decoders throw plain errors about a file; anything else, such as a trap of WebAssembly, is not meant. */
function brokeDown(cause: unknown): boolean {
  return cause !== undefined && (cause as Error).constructor !== Error
}

function reply(answer: ReaderReply, buffers: ArrayBufferLike[] = []): void {
  parentPort?.postMessage(answer, buffers as ArrayBuffer[])
}

// Decoders write a line about every damaged frame, which is nobody's concern.
for (const level of ['log', 'warn', 'error'] as const) console[level] = () => {}

parentPort?.on('message', (request: ReaderRequest) => {
  run(request).then(
    (result) => reply({ result }, result.audio?.channels.map((samples) => samples.buffer) ?? []),
    (error) => reply({ failure: failureOf(error) }),
  )
})
parentPort?.postMessage(ready)
