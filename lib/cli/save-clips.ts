/** Follows a generate job: progress on stderr, every clip to its file. */
import { basename } from 'node:path'
import type { Loudness } from '../audio/loudness.js'
import { writeFileAtomic } from '../files/write-file.js'
import type { GenerateEvent, GenerateResult } from '../generate/generate.js'
import type { Job } from '../job.js'
import { prepare } from './destination.js'
import type { Targets } from './existing.js'
import { writeBytes } from './output.js'
import { stdoutPath } from './output-path.js'
import { createProgress, type Progress } from './progress.js'
import { encoded, writtenRate } from './sound-format.js'

export interface WrittenFile {
  path: string
  prompt: string
  /** `null`: of a clip that was there already, and nothing says which it has. */
  seed: bigint | null
  durationSeconds: number
  sampleRate: number
  candidates?: { seed: bigint; similarity: number }[]
  /** Where one was asked for: what was reached. */
  loudness?: Loudness
  /** With two channels: their mean is the clip with one, times this. */
  foldDownGain?: number
  spectrogram?: string
  /** It was there already. */
  skipped?: true
}

/** One of those that the job makes. */
export interface MadeClip {
  /** Among all clips of the run, from 0. */
  index: number
  /** Of all its candidates. */
  steps: number
}

/** Writes every clip as it comes and frees it; a failure to write stops the job. */
export async function saveClips(
  job: Job<GenerateEvent, GenerateResult>,
  clips: MadeClip[],
  targets: Targets,
): Promise<{ files: WrittenFile[]; result: GenerateResult; warnings: string[] }> {
  const files = new Array<WrittenFile>(clips.length)
  const warnings: string[] = []
  const progress = createProgress()
  const count = targets.audio.paths.length
  const total = clips.reduce((sum, { steps }) => sum + steps, 0)
  let done = 0
  let finished = 0
  try {
    for await (const event of job) {
      if (event.type === 'warning') {
        warnings.push(`clip ${clips[event.index].index + 1}: ${event.message}`)
        progress.note(`warning: ${warnings.at(-1)}`)
      } else if (event.type === 'step') {
        const now = done + event.step * event.clips.length
        progress.update(
          now,
          total,
          stepLabel(
            event.clips.map((i) => clips[i].index),
            count,
          ),
        )
      } else if (event.type === 'clip') {
        const { index, steps } = clips[event.index]
        files[event.index] = await saveClip(event, index, targets)
        done += steps
        finished++
        reportClip(progress, finished, clips.length, files[event.index].path)
      }
    }
    return { files, result: await job, warnings }
  } catch (error) {
    job.abort()
    await job.then(
      () => {},
      () => {},
    )
    throw error
  } finally {
    progress.stop()
  }
}

async function saveClip(
  { audio, settings }: Extract<GenerateEvent, { type: 'clip' }>,
  index: number,
  { sound, audio: sounds, pictures }: Targets,
): Promise<WrittenFile> {
  const { durationSeconds } = audio
  const sampleRate = writtenRate(audio, sound)
  const { prompt, seed, candidates, loudness, foldDownGain } = settings
  const file: WrittenFile = { path: sounds.paths[index], prompt, seed, durationSeconds, sampleRate }
  if (candidates) file.candidates = candidates
  if (loudness) file.loudness = loudness
  if (foldDownGain !== undefined) file.foldDownGain = foldDownGain
  await prepare(sounds)
  const bytes = await encoded(audio, sound)
  if (file.path === stdoutPath) await writeBytes(bytes)
  else await writeFileAtomic(file.path, bytes)
  if (pictures) {
    file.spectrogram = pictures.paths[index]
    await prepare(pictures)
    await writeFileAtomic(file.spectrogram, await audio.spectrogram())
  }
  audio.dispose()
  return file
}

function stepLabel(indices: number[], count: number): string {
  const which = indices.map((index) => index + 1).join(', ')
  return count === 1 ? 'steps' : `steps, clip ${which} of ${count}`
}

function reportClip(progress: Progress, finished: number, count: number, path: string): void {
  if (count > 1) progress.note(`clip ${finished} of ${count}: ${printable(basename(path))}`)
}

function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}
