/** makeDataset: a data set of computed sounds, clip by clip. */
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { z } from 'zod'
import { encodeWav } from '../audio/wav.js'
import { AbortError } from '../errors.js'
import { makeFolder, writeFileAtomic } from '../files/write-file.js'
import { Job, type JobControl } from '../job.js'
import { parseOptions } from '../options.js'
import { ClipPlan } from './clip.js'
import { captionList, esc50List, lists, placeOf } from './layout.js'
import type { MakeDatasetOptions } from './options.js'
import { sampleRate, samplesOf } from './parts/rate.js'
import { classes, classNamed } from './registry.js'
import { beginRun } from './run-record.js'
import { makeSchema } from './schema.js'

export type MakeDatasetEvent = { type: 'step'; done: number; total: number }

export interface MakeDatasetResult {
  /** Absolute: for `esc50()` and `captionedFolder()`. */
  path: string
  clips: number
  /** Clips by class. */
  classes: Record<string, number>
  /** Clips that were there already. */
  skipped: number
}

const captionsPerClip = 5
const heldOutPerClip = 2

/**
 * Renders clips of 44.1 kHz in ESC-50's layout, with captions. Equal options give equal bytes, and a
 * clip is the same whatever the number of clips and the choice of classes.
 */
export function makeDataset(options: MakeDatasetOptions): Job<MakeDatasetEvent, MakeDatasetResult> {
  const settings = parseOptions(makeSchema, options)
  const names = [...new Set(settings.classes ?? classes.map(({ name }) => name))]
  const chosen = names.map((name) => classNamed('classes', name))
  const plan = { ...settings, names, chosen, outputDir: resolve(settings.outputDir) }
  return new Job((control) => make(plan, control), settings.signal)
}

type Settings = z.output<typeof makeSchema> & {
  names: string[]
  chosen: ReturnType<typeof classNamed>[]
}

async function make(
  { outputDir, clips, seed, seconds, names, chosen }: Settings,
  { emit, signal }: JobControl<MakeDatasetEvent>,
): Promise<MakeDatasetResult> {
  await beginRun(outputDir, { clips, seed: String(seed), seconds, classes: names })
  for (const folder of ['audio', 'meta']) await makeFolder(join(outputDir, folder))

  const plans = Array.from(
    { length: clips },
    (_, i) => new ClipPlan(chosen[i % chosen.length], seed, Math.floor(i / chosen.length)),
  )
  const wholeSize = 44 + 2 * samplesOf(seconds)
  let skipped = 0
  for (const [i, plan] of plans.entries()) {
    if (signal.aborted) throw new AbortError(signal.reason)
    const path = join(outputDir, placeOf(plan).file)
    if ((await sizeOf(path)) === wholeSize) skipped++
    else await writeFileAtomic(path, encodeWav(plan.render(seconds), sampleRate))
    emit({ type: 'step', done: i + 1, total: clips })
    await setImmediate()
  }

  // Lists come last: a data set that has them is whole.
  const heldOut = captionList(plans, (plan) => plan.captions(heldOutPerClip, true))
  await writeFileAtomic(join(outputDir, lists.heldOut), heldOut)
  const captions = captionList(plans, (plan) => plan.captions(captionsPerClip))
  await writeFileAtomic(join(outputDir, lists.captions), captions)
  await writeFileAtomic(join(outputDir, lists.esc50), esc50List(plans))

  const counts = names.map((name, i): [string, number] => [
    name,
    Math.ceil((clips - i) / names.length),
  ])
  return { path: outputDir, clips, classes: Object.fromEntries(counts), skipped }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
}
