/** A clip as metrics hear it, with its picture. */
import type { ClipSource } from '../../audio/clip-source.js'
import { prepareWaveform } from '../../audio/prepare-waveform.js'
import type { WaveformProtocol } from '../../audio/waveform-protocol.js'
import { AudioError } from '../../errors.js'
import { escapeHtml } from '../../files/html.js'
import type { Session } from '../features/session.js'
import { soundHtml } from './sound-html.js'

/** Hz. */
const sampleRate = 16_000

/** Where it cannot be heard, the reason stands in its place. */
export async function playerOf(
  clip: ClipSource,
  waveform: WaveformProtocol,
  { calculator, reader, signal }: Session,
): Promise<string> {
  try {
    const { audio } = await clip.read(reader, signal)
    const protocol = { ...waveform, sampleRate, removeMean: false, minSamples: 1 }
    const prepared = await prepareWaveform(calculator, audio, protocol)
    const samples = (prepared.data() as Float32Array).slice()
    prepared.dispose()
    return await soundHtml(clip.path, samples, sampleRate)
  } catch (error) {
    if (!(error instanceof AudioError)) throw error
    return `<p class="quiet">${escapeHtml(error.message)}</p>`
  }
}
