/** Stereo of a model of one channel: a second take that starts from the latents of the first. */
import { Audio } from '../audio/audio.js'
import { twoChannels } from '../audio/mid-side.js'
import type { Model } from '../model/model.js'
import type { NativeClip } from '../native/binding.js'
import type { Made } from './candidates.js'
import { firstStepOf } from './init.js'
import type { PreparedClip } from './prepare.js'

/**
 * How far the second take goes from the first. At 0.5 its sounds are where those of the first are,
 * and differ in detail; from 0.7 on there can be others, out of phase in both channels.
 */
const strength = 0.5

// Half of what is between the seeds of candidates.
const seedStep = 50_000_000n

/** Of so many steps, where the second take begins; it takes at least one. */
export function sideFirstStep(steps: number): number {
  return Math.min(firstStepOf(steps, strength), steps - 1)
}

export function sideSteps(steps: number): number {
  return steps - sideFirstStep(steps)
}

/** The second take of a clip; whoever asks for it disposes of its `init`. */
export function sideClip(model: Model, clip: PreparedClip, { latents }: Made): NativeClip {
  const { latentChannels, latentBins } = model.folder.geometry
  // Of a clip without a step there are those that it started from.
  const data = latents ?? (clip.native.init?.data() as Float32Array)
  const shape = [latentChannels, clip.latentFrames, latentBins]
  return {
    ...clip.native,
    init: model.core.core.NativeTensor.from(data, shape),
    seed: BigInt.asUintN(64, clip.settings.seed + seedStep),
  }
}

/** The clip with two channels, in the place of both; its settings tell of the gain. */
export async function inStereo(clip: PreparedClip, first: Audio, second: Audio): Promise<Audio> {
  const [middle, take] = await Promise.all([first.toFloat32Array(), second.toFloat32Array()])
  const { sampleRate } = first
  const round = clip.loop === true
  const { channels, gain } = twoChannels(middle, take, { sampleRate, round })
  clip.settings.foldDownGain = gain
  const samples = new Float32Array(2 * middle.length)
  for (const [c, channel] of channels.entries()) samples.set(channel, c * middle.length)
  const audio = new Audio(first.samples.like(samples, [2, middle.length]), sampleRate)
  first.dispose()
  second.dispose()
  return audio
}
