/** Files of a run that are there already: kept, replaced or refused. */
import { lstat } from 'node:fs/promises'
import { identify } from '../audio/audio-content.js'
import { readAudioFile } from '../audio/audio-file.js'
import { decodeAudio } from '../audio/read.js'
import type { SoundKind } from '../audio/sound-file.js'
import { spectrogramPng } from '../audio/spectrogram.js'
import { isWav, readWavChunks } from '../audio/wav-chunks.js'
import { AudioError, InvalidOptionError } from '../errors.js'
import { writeFileAtomic } from '../files/write-file.js'
import { type Destination, prepare } from './destination.js'
import { stdoutPath } from './output-path.js'
import type { SoundFormat } from './sound-format.js'

export const existingRules = ['skip', 'overwrite', 'error'] as const
export type ExistingRule = (typeof existingRules)[number]

export interface Targets {
  sound: SoundFormat
  audio: Destination
  pictures?: Destination
}

/**
 * The clips to generate, by index: with 'skip' those whose sound is not there. Without a rule, a
 * file that the user named is replaced and one in a folder is not.
 * @throws InvalidOptionError naming a file that would be replaced
 */
export async function clipsToMake(
  rule: ExistingRule | undefined,
  { audio, pictures }: Targets,
): Promise<number[]> {
  const all = [...audio.paths.keys()]
  if (rule === 'skip') {
    const there = await areThere(audio.paths)
    return all.filter((i) => !there[i])
  }
  await refuseTaken('--out', rule, audio)
  if (pictures) await refuseTaken('--spectrogram', rule, pictures)
  return all
}

async function refuseTaken(
  option: string,
  rule: ExistingRule | undefined,
  { paths, inFolder }: Destination,
): Promise<void> {
  if ((rule ?? (inFolder ? 'error' : 'overwrite')) === 'overwrite') return
  const there = await areThere(paths)
  const taken = paths.filter((_, i) => there[i])
  if (taken.length === 0) return
  const others = taken.length > 1 ? `, and so are ${taken.length - 1} more of ${paths.length}` : ''
  throw new InvalidOptionError(
    option,
    `${taken[0]} is there already${others}`,
    '--existing skip generates what is missing, --existing overwrite replaces; or choose another folder',
  )
}

function areThere(paths: string[]): Promise<boolean[]> {
  return Promise.all(paths.map(isThere))
}

/** Links count, whatever they lead to: they would be replaced. */
async function isThere(path: string): Promise<boolean> {
  if (path === stdoutPath) return false
  return lstat(path).then(
    () => true,
    (error) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  )
}

export interface SkippedClip {
  path: string
  durationSeconds: number
  sampleRate: number
  spectrogram?: string
}

/** Clip `index`, which is there; draws its picture where one is wanted and missing. */
export async function skippedClip(
  { sound, audio, pictures }: Targets,
  index: number,
): Promise<SkippedClip> {
  const path = audio.paths[index]
  try {
    const bytes = await readAudioFile(path)
    const { kind } = sound
    if (!isOfKind(bytes, kind)) throw new AudioError(`is no ${kind.toUpperCase()} file`)
    const spectrogram = pictures?.paths[index]
    const drawn = spectrogram === undefined || (await isThere(spectrogram))
    if (kind === 'wav' && drawn) return { path, ...wavLength(bytes), spectrogram }
    const { channels, sampleRate } = await decodeAudio(bytes)
    if (spectrogram !== undefined && pictures && !drawn) {
      await prepare(pictures)
      await writeFileAtomic(spectrogram, await spectrogramPng(channels[0], sampleRate))
    }
    return { path, durationSeconds: channels[0].length / sampleRate, sampleRate, spectrogram }
  } catch (error) {
    if (!(error instanceof AudioError)) throw error
    const hint = 'Remove it, or replace it with --existing overwrite.'
    throw new InvalidOptionError('--existing', `${path} cannot be kept: it ${error.message}`, hint)
  }
}

function isOfKind(bytes: Uint8Array, kind: SoundKind): boolean {
  return kind === 'wav' ? isWav(bytes) : identify(bytes).kind === kind
}

/** By its header alone: a folder can have thousands. */
function wavLength(bytes: Uint8Array): { durationSeconds: number; sampleRate: number } {
  const { encoding, data } = readWavChunks(bytes)
  const { sampleRate, blockAlign } = encoding
  return { durationSeconds: Math.floor(data.byteLength / blockAlign) / sampleRate, sampleRate }
}
