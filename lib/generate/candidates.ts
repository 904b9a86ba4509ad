/** Several takes of one clip, of which the one most like its prompt is kept. */
import { Audio } from '../audio/audio.js'
import { memoryClip } from '../audio/clip-source.js'
import { pasteRanges } from '../audio/paste.js'
import { fitLength } from '../audio/training-waveform.js'
import { embedSource } from '../model/encode.js'
import type { Model } from '../model/model.js'
import { dot, unit } from '../model/similarity.js'
import type { NativeClip } from '../native/binding.js'
import { Tensor } from '../tensor.js'
import type { KnownSound, PreparedClip } from './prepare.js'

/** One candidate of a clip, on its way. */
export interface Take {
  clip: PreparedClip
  number: number
  native: NativeClip
  contest: Contest
}

/** What became of it. */
export interface Made {
  audio: Audio
  /** [channels, frames, bins], where a second take is to start from them. */
  latents?: Float32Array
}

interface Contest {
  pending: number
  similarities: number[]
  best?: Made & { number: number }
}

// Of a seed, torch's CPU generator takes the lower 32 bits alone.
const seedStep = 100_000_000n

export function takesOf(clip: PreparedClip): Take[] {
  const contest: Contest = { pending: clip.candidates, similarities: [] }
  return Array.from({ length: clip.candidates }, (_, number) => {
    const seed = BigInt.asUintN(64, clip.native.seed + BigInt(number) * seedStep)
    return { clip, number, native: { ...clip.native, seed }, contest }
  })
}

/**
 * Finishes one candidate. What is not the best so far is freed; after the last of them the best is
 * returned, and the settings of the clip tell of all.
 */
export async function bestOf(
  model: Model,
  take: Take,
  made: Made,
  signal: AbortSignal,
): Promise<Made | undefined> {
  const { clip, number, contest } = take
  const { latents } = made
  const audio = clip.known ? await atKnownLevel(model, clip, clip.known, made.audio) : made.audio
  if (clip.target === undefined) return { audio, latents }

  const similarity = await similarityTo(model, audio, clip.target, signal)
  contest.similarities[number] = similarity
  const leader = contest.best && contest.similarities[contest.best.number]
  if (leader === undefined || similarity > leader) {
    contest.best?.audio.dispose()
    contest.best = { audio, latents, number }
  } else {
    audio.dispose()
  }
  contest.pending--
  if (contest.pending > 0 || contest.best === undefined) return undefined
  const seeds = takesOf(clip).map(({ native }) => native.seed)
  clip.settings.seed = seeds[contest.best.number]
  clip.settings.candidates = seeds.map((seed, i) => ({
    seed,
    similarity: contest.similarities[i],
  }))
  return contest.best
}

/** Where a mask keeps part of a sound: at the level of that sound, which stays as it was. */
async function atKnownLevel(
  model: Model,
  clip: PreparedClip,
  { samples, mean, gain }: KnownSound,
  generated: Audio,
): Promise<Audio> {
  const level = (await generated.toFloat32Array()).map((value) => value / gain + mean)
  generated.dispose()
  const { seconds, hertz } = clip.init?.mask ?? {}
  // Of a range of frequencies every sample is made of both.
  const pasted =
    seconds === undefined || hertz !== undefined
      ? level
      : pasteRanges(fitLength(samples, level.length), level, seconds, model.info.sampleRate)
  const tensor = model.core.core.NativeTensor.from(pasted, [pasted.length])
  return new Audio(new Tensor(tensor), model.info.sampleRate)
}

async function similarityTo(
  model: Model,
  audio: Audio,
  target: Float64Array,
  signal: AbortSignal,
): Promise<number> {
  const embedding = await embedSource(model, [memoryClip(audio, 'candidate')], signal)
  const row = unit(embedding.data() as Float32Array)
  embedding.dispose()
  return dot(row, target)
}
