/** The metrics on pairs of waveforms, as audioldm_eval prepares them: at 16 kHz and not padded. */

import type { ClipSource } from '../../audio/clip-source.js'
import { prepareWaveform } from '../../audio/prepare-waveform.js'
import type { WaveformProtocol } from '../../audio/waveform-protocol.js'
import { lookAhead } from '../../look-ahead.js'
import type { Pair, SpectralPair } from '../../metrics/context.js'
import type { NativeTensor } from '../../native/binding.js'
import type { Session } from './session.js'

const sampleRate = 16_000

export async function compareSpectra(
  session: Session,
  sides: { generated: ClipSource[]; reference: ClipSource[] },
  pairs: readonly Pair[],
  protocol: WaveformProtocol,
): Promise<SpectralPair[]> {
  const { calculator } = session
  const load = async (pair: Pair) => ({
    pair,
    generated: await waveform(session, sides.generated[pair.generated], protocol),
    reference: await waveform(session, sides.reference[pair.reference], protocol),
  })
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
): Promise<NativeTensor> {
  const { audio } = await clip.read(reader, signal)
  return prepareWaveform(calculator, audio, { ...protocol, sampleRate, minSamples: 0 })
}
