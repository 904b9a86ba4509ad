/** What a pool of readers and its worker threads say to each other. */

export type ReaderRequest =
  | { task: 'read'; path: string }
  | { task: 'hash'; path: string }
  | { task: 'decode'; bytes: Uint8Array }

export interface ReaderResult {
  /** SHA-256 of the file's bytes, in hexadecimal. */
  hash: string
  /** Of all tasks but 'hash'. */
  audio?: { channels: Float32Array[]; sampleRate: number }
}

export interface ReaderFailure {
  /** Of an AudioError. */
  message: string
  hint?: string
  /** A decoder threw: what is left of its memory is not to be trusted with another file. */
  decoderFailed: boolean
}

export type ReaderReply = { result: ReaderResult } | { failure: ReaderFailure }

/** Sent once, when the thread has loaded its code. */
export const ready = 'ready'
