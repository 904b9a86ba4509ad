/** Follows a generate job: progress on stderr, every clip to its file. */
import { basename } from 'node:path'
import type { WavFormat } from '../audio/wav.js'
import { writeFileAtomic } from '../files/write-file.js'
import type { GenerateEvent, GenerateResult } from '../generate/generate.js'
import type { Job } from '../job.js'
import { type Destination, prepare } from './destination.js'
import { createProgress, type Progress } from './progress.js'

export interface WrittenFile {
  path: string
  prompt: string
  seed: bigint
  durationSeconds: number
  sampleRate: number
  candidates?: { seed: bigint; similarity: number }[]
  spectrogram?: string
}

export interface ClipTarget {
  format: WavFormat
  audio: Destination
  pictures?: Destination
}

/** Writes every clip as it comes and frees it; a failure to write stops the job. */
export async function saveClips(
  job: Job<GenerateEvent, GenerateResult>,
  steps: number[],
  target: ClipTarget,
): Promise<{ files: WrittenFile[]; result: GenerateResult; warnings: string[] }> {
  const files = new Array<WrittenFile>(steps.length)
  const warnings: string[] = []
  const progress = createProgress()
  const total = steps.reduce((sum, n) => sum + n, 0)
  let done = 0
  let finished = 0
  try {
    for await (const event of job) {
      if (event.type === 'warning') {
        warnings.push(`clip ${event.index + 1}: ${event.message}`)
        progress.note(`warning: ${warnings.at(-1)}`)
      } else if (event.type === 'step') {
        const now = done + event.step * event.clips.length
        progress.update(now, total, stepLabel(event, steps.length))
      } else if (event.type === 'clip') {
        files[event.index] = await saveClip(event, target)
        done += steps[event.index]
        finished++
        reportClip(progress, finished, steps.length, files[event.index].path)
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
  { index, audio, settings }: Extract<GenerateEvent, { type: 'clip' }>,
  { format, audio: sounds, pictures }: ClipTarget,
): Promise<WrittenFile> {
  const { durationSeconds, sampleRate } = audio
  const { prompt, seed, candidates } = settings
  const file: WrittenFile = { path: sounds.paths[index], prompt, seed, durationSeconds, sampleRate }
  if (candidates) file.candidates = candidates
  await prepare(sounds)
  await audio.save(file.path, { format })
  if (pictures) {
    file.spectrogram = pictures.paths[index]
    await prepare(pictures)
    await writeFileAtomic(file.spectrogram, await audio.spectrogram())
  }
  audio.dispose()
  return file
}

function stepLabel(event: { step: number; steps: number; clips: number[] }, count: number): string {
  const which = event.clips.map((index) => index + 1).join(', ')
  return count === 1 ? 'steps' : `steps, clip ${which} of ${count}`
}

function reportClip(progress: Progress, finished: number, count: number, path: string): void {
  if (count > 1) progress.note(`clip ${finished} of ${count}: ${printable(basename(path))}`)
}

function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}
