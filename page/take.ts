/** Something that was made, and all that it was made with. */
import { encodeWav } from '../lib/audio/wav.js'
import type { Settings } from './api.js'

export interface Take {
  /** Given by the store. */
  id?: number
  /** Milliseconds since 1970. */
  created: number
  model: string
  settings: Settings
  /** What was done to get it, where that was not a prompt alone, such as "1.2 to 2.4 s made anew". */
  how?: string
  sampleRate: number
  /** Of two channels all of the first and then all of the second. */
  samples: Float32Array<ArrayBuffer>
  /** 1 where it is left out. */
  channels?: number
}

export function channelsOf({ samples, channels = 1 }: Take): Float32Array<ArrayBuffer>[] {
  const length = samples.length / channels
  return Array.from({ length: channels }, (_, c) => samples.subarray(c * length, (c + 1) * length))
}

export function secondsOf({ samples, channels = 1, sampleRate }: Take): number {
  return samples.length / channels / sampleRate
}

export function titleOf({ settings, how }: Take): string {
  return settings.prompt || (how ? 'No prompt' : '')
}

export function detailsOf(take: Take): string {
  const { settings, how } = take
  const { seed, steps, guidanceScale, negativePrompt, lufs, loop, channels } = settings
  return [
    `${secondsOf(take).toFixed(2)} s`,
    channels === 2 && 'stereo',
    loop && 'loop',
    `seed ${seed}`,
    `${steps} steps`,
    `guidance ${guidanceScale}`,
    lufs !== undefined && `${lufs} LUFS`,
    negativePrompt && `not ${negativePrompt}`,
    how,
  ]
    .filter(Boolean)
    .join(' · ')
}

/** The file that is played and downloaded. */
export function toWav(take: Take): Uint8Array<ArrayBuffer> {
  return encodeWav(channelsOf(take), take.sampleRate) as Uint8Array<ArrayBuffer>
}

/** The exact values, of stereo the mean of both channels: what a part of is made anew. */
export function toMonoWav(take: Take): Uint8Array<ArrayBuffer> {
  const [left, right] = channelsOf(take)
  const mono = right ? left.map((value, i) => (value + right[i]) / 2) : left
  return encodeWav(mono, take.sampleRate, 'float32') as Uint8Array<ArrayBuffer>
}

export function fileNameOf({ settings }: Take): string {
  const words = settings.prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['sound']
  return `${words.join('-').slice(0, 60)}-${settings.seed}.wav`
}
