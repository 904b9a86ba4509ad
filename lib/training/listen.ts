/** Sounds of a checkpoint: samples to listen to, and those that are scored. */
import { join } from 'node:path'
import type { Audio } from '../audio/audio.js'
import { makeFolder } from '../files/write-file.js'
import { type ClipOptions, generate } from '../generate/generate.js'
import type { MetricValues } from '../metrics/metric.js'
import { loadModel, type Model } from '../model/model.js'
import type { ScoreOptions } from '../score/options.js'
import { score } from '../score/score.js'
import type { ClipReader, SegmentFormat } from './data/clip-audio.js'
import type { TrainingClip } from './data/clips.js'
import { networkOptions } from './evaluation.js'
import type { FineTuneSettings } from './schema.js'

export interface ListenOptions {
  settings: FineTuneSettings
  /** Of training. */
  format: SegmentFormat
  /** A folder with both towers of CLAP; every checkpoint has the same. */
  clap?: string
  device: string
  threads: number
  seed: bigint
  signal: AbortSignal
}

export interface Sample {
  prompt: string
  path: string
  audio: Audio
}

/** A checkpoint as a model, loaded when it is first listened to. */
export class Listener {
  readonly #checkpoint: string
  readonly #options: ListenOptions
  #loading: Promise<Model> | undefined

  constructor(checkpoint: string, options: ListenOptions) {
    this.#checkpoint = checkpoint
    this.#options = options
  }

  /** Generates and writes what `sample` asks for. @throws OutputError */
  async *samples(outputDir: string, step: number): AsyncGenerator<Sample> {
    const { sample } = this.#options.settings
    if (!sample) return
    const model = await this.#model()
    const folder = join(outputDir, 'samples')
    await makeFolder(folder)
    for (const [i, prompt] of sample.prompts.entries()) {
      const {
        audio: [audio],
      } = await generate(model, {
        prompt,
        steps: sample.steps,
        guidanceScale: sample.guidanceScale,
        durationSeconds: sample.durationSeconds ?? this.#seconds,
        seed: BigInt.asUintN(64, BigInt(sample.seed ?? this.#options.seed) + BigInt(i)),
        signal: this.#options.signal,
      })
      const path = join(folder, sampleName(step, i))
      await audio.save(path)
      yield { prompt, path, audio }
    }
  }

  /** A sound for each clip, compared with the clips. */
  async score(
    clips: readonly TrainingClip[],
    reader: ClipReader,
    onWarning: (message: string) => void,
  ): Promise<MetricValues> {
    const { settings, device, threads, seed, signal, format } = this.#options
    const { steps, guidanceScale } = settings.evaluation
    const references: NonNullable<Exclude<ScoreOptions['reference'], string>>[number][] = []
    const wanted: ClipOptions[] = []
    const prompts: string[] = []
    for (const [i, clip] of clips.entries()) {
      const sound = await reader.sound(clip, format, signal)
      references.push(sound)
      const [prompt] = clip.captions
      const condition = prompt === undefined ? { audioPrompt: sound } : { prompt }
      if (prompt !== undefined) prompts.push(prompt)
      wanted.push({ ...condition, seed: BigInt.asUintN(64, seed + BigInt(i)) })
    }
    const model = await this.#model()
    const { audio } = await generate(model, {
      prompt: wanted,
      steps,
      guidanceScale,
      durationSeconds: this.#seconds,
      signal,
    })
    try {
      const job = score({
        ...networkOptions(settings, this.#options.clap),
        ...{ generated: audio, reference: references, pairing: 'order', device, threads, signal },
        ...(prompts.length > 0 && { prompts }),
      })
      for await (const event of job) {
        if (event.type === 'warning') onWarning(event.message)
        if (event.type === 'skipped') onWarning(`not scored: ${event.path}: ${event.reason}`)
      }
      return (await job).metrics
    } finally {
      for (const each of audio) each.dispose()
    }
  }

  async dispose(): Promise<void> {
    const model = await this.#loading?.catch(() => undefined)
    await model?.dispose()
  }

  get #seconds(): number {
    const { samples, sampleRate } = this.#options.format
    return samples / sampleRate
  }

  #model(): Promise<Model> {
    const { settings, device, threads, signal } = this.#options
    const { libtorchPath } = settings
    this.#loading ??= loadModel(this.#checkpoint, { device, threads, libtorchPath, signal })
    return this.#loading
  }
}

export function sampleName(step: number, index: number): string {
  return `${String(step).padStart(6, '0')}-${String(index).padStart(2, '0')}.wav`
}
