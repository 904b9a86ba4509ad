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
  samples: Float32Array<ArrayBuffer>
}

export function titleOf({ settings, how }: Take): string {
  return settings.prompt || (how ? 'No prompt' : '')
}

export function detailsOf({ settings, how, samples, sampleRate }: Take): string {
  const { seed, steps, guidanceScale, negativePrompt } = settings
  return [
    `${(samples.length / sampleRate).toFixed(2)} s`,
    `seed ${seed}`,
    `${steps} steps`,
    `guidance ${guidanceScale}`,
    negativePrompt && `not ${negativePrompt}`,
    how,
  ]
    .filter(Boolean)
    .join(' · ')
}

export function toWav(
  { samples, sampleRate }: Take,
  format: 'pcm16' | 'float32',
): Uint8Array<ArrayBuffer> {
  return encodeWav(samples, sampleRate, format) as Uint8Array<ArrayBuffer>
}

export function fileNameOf({ settings }: Take): string {
  const words = settings.prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['sound']
  return `${words.join('-').slice(0, 60)}-${settings.seed}.wav`
}
