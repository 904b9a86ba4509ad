/** From a sound as it was decoded to the waveform that a network hears. */

import type { NativeTensor } from '../native/binding.js'
import type { Calculator } from '../native/calculator.js'
import { repeatPad } from './clap-waveform.js'
import type { DecodedAudio } from './decoded-audio.js'
import { prepareParameters, type WaveformProtocol } from './waveform-protocol.js'

/** float32 [n]; the caller frees it. */
export async function prepareWaveform(
  calculator: Calculator,
  { channels, sampleRate }: DecodedAudio,
  protocol: WaveformProtocol & { sampleRate: number },
): Promise<NativeTensor> {
  const { sampleRate: rate, repeatpad, whole = repeatpad === undefined } = protocol
  const heard = whole ? channels : begin(channels, sampleRate, protocol)
  const { data, shape } = planar(heard, protocol.mono === 'mean')
  const input = calculator.tensor(data, shape)
  let waveform: NativeTensor
  try {
    const parameters = prepareParameters(protocol, sampleRate, rate)
    ;[waveform] = await calculator.run('prepare', [input], parameters)
  } finally {
    input.dispose()
  }
  if (repeatpad === undefined || (whole && waveform.shape[0] > repeatpad)) return waveform
  const padded = repeatPad(waveform.data() as Float32Array, repeatpad)
  waveform.dispose()
  return calculator.tensor(padded, [repeatpad])
}

/** No more than counts in the end: what the resampler looks at after it as well. */
function begin(
  channels: Float32Array[],
  sampleRate: number,
  { sampleRate: rate, repeatpad = 0, removeMean, resampler }: Parameters<typeof prepareWaveform>[2],
): Float32Array[] {
  // The mean is that of the whole sound.
  if (removeMean) return channels
  const { lowpassFilterWidth, rolloff } = resampler
  const margin = (lowpassFilterWidth / rolloff + 2) * Math.max(1, sampleRate / rate)
  const length = Math.ceil((repeatpad * sampleRate) / rate + margin)
  return channels.map((channel) => channel.subarray(0, length))
}

/** Where only the first channel is heard, the others need not be copied. */
function planar(channels: Float32Array[], all: boolean): { data: Float32Array; shape: number[] } {
  const [first] = channels
  if (!all || channels.length === 1) return { data: first, shape: [1, first.length] }
  const data = new Float32Array(channels.length * first.length)
  channels.forEach((channel, c) => {
    data.set(channel, c * first.length)
  })
  return { data, shape: [channels.length, first.length] }
}
