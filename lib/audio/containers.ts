/**
 * Looks through the containers of compressed sound before a decoder gets them: the decoders believe
 * counts and sizes that a file states, and give silence, part of the sound or nothing where it is cut
 * off.
 */
import { AudioError } from '../errors.js'
import type { CompressedKind } from './audio-content.js'
import { checkMp4 } from './mp4-boxes.js'
import { checkOgg, isOgg } from './ogg-pages.js'

/** @throws AudioError when the file is cut off, damaged or claims more than it can hold. */
export function checkContainer(bytes: Uint8Array, kind: CompressedKind): void {
  if (kind === 'm4a') checkMp4(bytes)
  else if (kind === 'webm') checkWebm(bytes)
  else if (isOgg(bytes)) checkOgg(bytes)
}

/** The two elements of a WebM file: a header, and a segment that says how long it is, or does not. */
function checkWebm(bytes: Uint8Array): void {
  const header = elementSize(bytes, 4)
  const segment = header.end + (header.size ?? 0)
  if (header.size === undefined || segment + 5 > bytes.length) throw cutOff()
  const { size, end } = elementSize(bytes, segment + 4)
  if (size !== undefined && end + size > bytes.length) throw cutOff()
}

/** A variable-length integer of EBML; undefined where all its bits are set: not known. */
function elementSize(bytes: Uint8Array, at: number): { size?: number; end: number } {
  const length = Math.clz32(bytes[at]) - 23
  if (length > 8 || at + length > bytes.length) throw cutOff()
  let size = bytes[at] & (0xff >> length)
  let unknown = size === 0xff >> length
  for (let i = 1; i < length; i++) {
    size = size * 256 + bytes[at + i]
    unknown &&= bytes[at + i] === 0xff
  }
  return { size: unknown ? undefined : size, end: at + length }
}

function cutOff(): AudioError {
  return new AudioError('is a WebM file that is cut off')
}
