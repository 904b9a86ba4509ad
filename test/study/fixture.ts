/** Data sets in their published layouts with short tones, and options that make a study short. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { encodeWav } from '../../lib/audio/wav.js'
import type { Dataset } from '../../lib/datasets/dataset.js'
import { type StudyEvent, type StudyOptions, study } from '../../lib/study/study.js'
import { narrowWeights } from '../score/fixture.js'

export interface Scratch {
  path: string
  in(...names: string[]): string
  remove(): void
}

export function scratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'audioldm-study-'))
  return {
    path,
    in: (...names) => join(path, ...names),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** A tone with overtones, other for each `index`. */
export function tone(index: number, seconds = 0.5, sampleRate = 16_000): Uint8Array {
  const pitch = (2 * Math.PI * 90 * (1 + (index % 40))) / sampleRate
  const samples = Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, i) => 0.3 * Math.sin(pitch * i) + 0.1 * Math.sin(3.01 * pitch * i + index),
  )
  return encodeWav(samples, sampleRate)
}

export function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/** ESC-50 with so many classes and clips of each in every of five folds. */
export function writeEsc50(
  folder: string,
  classes: number,
  perFold: number,
  { files = true } = {},
): string {
  const rows = ['filename,fold,target,category,esc10,src_file,take']
  let index = 0
  for (let fold = 1; fold <= 5; fold++) {
    for (let target = 0; target < classes; target++) {
      for (let take = 0; take < perFold; take++) {
        const source = 100_000 + index
        const name = `${fold}-${source}-A-${target}.wav`
        rows.push(`${name},${fold},${target},sound_${target},False,${source},A`)
        if (files) write(join(folder, 'audio', name), tone(index))
        index++
      }
    }
  }
  write(join(folder, 'meta', 'esc50.csv'), `${rows.join('\n')}\n`)
  return folder
}

/** A study of seconds, with random networks: its numbers mean nothing, but are always the same. */
export function shortOptions(
  work: Scratch,
  datasets: Dataset[],
  name: string,
  change: Partial<StudyOptions> = {},
): StudyOptions {
  return {
    datasets,
    outputDir: work.in(name),
    generation: { steps: 2, durationSeconds: 0.64 },
    scoring: { ...narrowWeights(), bootstrap: 0, cacheDir: work.in('features') },
    device: 'cpu',
    threads: 1,
    ...change,
  }
}

export function run(name: Parameters<typeof study>[0], options: StudyOptions) {
  return collect(study(name, options))
}

export async function collect(job: ReturnType<typeof study>) {
  const events: StudyEvent[] = []
  for await (const event of job) events.push(event)
  return { results: await job, events }
}
