import type { DecodedAudio } from './decoded-audio.js'
import type { MonoRule } from './waveform-protocol.js'

/** A stretch of a clip, in seconds. */
interface Stretch {
  from: number
  to: number
}

/** Whether what is heard of a clip stays at one value for `seconds` or longer within the stretch. */
export function hasDigitalSilence(
  { channels, sampleRate }: DecodedAudio,
  mono: MonoRule,
  seconds: number,
  { from, to }: Stretch,
): boolean {
  const heard = mono === 'mean' ? channels : channels.slice(0, 1)
  const last = Math.min(Math.floor(to * sampleRate), heard[0].length)
  const least = Math.ceil(seconds * sampleRate)
  let run = 0
  for (let i = Math.ceil(from * sampleRate); i < last; i++) {
    const stays = run > 0 && heard.every((samples) => samples[i] === samples[i - 1])
    run = stays ? run + 1 : 1
    if (run >= least) return true
  }
  return false
}
