/** The metrics on pairs of waveforms, as audioldm_eval prepares them: at 16 kHz and not padded. */

import type { ClipSource } from '../../audio/clip-source.js'
import type { DecodedAudio } from '../../audio/decoded-audio.js'
import { hasDigitalSilence } from '../../audio/digital-silence.js'
import { prepareWaveform } from '../../audio/prepare-waveform.js'
import type { MonoRule, WaveformProtocol } from '../../audio/waveform-protocol.js'
import { lookAhead } from '../../look-ahead.js'
import type { Pair, SpectralPair } from '../../metrics/context.js'
import type { NativeTensor } from '../../native/binding.js'
import type { Session } from './session.js'

const sampleRate = 16_000
/** Of the log-spectral distance, in seconds: its frames, and what it drops of a generated clip. */
const frame = 743 / sampleRate
const dropped = 1120 / sampleRate

export async function compareSpectra(
  session: Session,
  sides: { generated: ClipSource[]; reference: ClipSource[] },
  pairs: readonly Pair[],
  protocol: WaveformProtocol,
): Promise<SpectralPair[]> {
  const { calculator } = session
  const load = async (pair: Pair) => {
    const generated = await waveform(session, sides.generated[pair.generated], protocol)
    const reference = await waveform(session, sides.reference[pair.reference], protocol)
    return {
      pair: { ...pair, silence: hasSilence(generated.audio, reference.audio, protocol.mono) },
      generated: generated.tensor,
      reference: reference.tensor,
    }
  }
  const results: SpectralPair[] = []
  for await (const loaded of lookAhead(pairs, 4, load, free)) {
    try {
      const [lsd, psnr, ssim] = await calculator.numbers('spectral_pair', [
        loaded.generated,
        loaded.reference,
      ])
      results.push({ ...loaded.pair, lsd, psnr, ssim })
    } finally {
      free(loaded)
    }
  }
  return results
}

function free(pair: { generated: NativeTensor; reference: NativeTensor }): void {
  pair.generated.dispose()
  pair.reference.dispose()
}

async function waveform(
  { reader, calculator, signal }: Session,
  clip: ClipSource,
  protocol: WaveformProtocol,
): Promise<{ audio: DecodedAudio; tensor: NativeTensor }> {
  const { audio } = await clip.read(reader, signal)
  const needs = { ...protocol, sampleRate, minSamples: 0 }
  return { audio, tensor: await prepareWaveform(calculator, audio, needs) }
}

/** In what the distance compares: the longer clip is cut. */
function hasSilence(generated: DecodedAudio, reference: DecodedAudio, mono: MonoRule): boolean {
  const to = Math.min(secondsOf(generated) - dropped, secondsOf(reference))
  return (
    hasDigitalSilence(generated, mono, frame, { from: dropped, to: dropped + to }) ||
    hasDigitalSilence(reference, mono, frame, { from: 0, to })
  )
}

function secondsOf({ channels, sampleRate: rate }: DecodedAudio): number {
  return channels[0].length / rate
}
