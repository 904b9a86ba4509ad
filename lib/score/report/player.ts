/** A clip as metrics hear it, with its picture, in pieces of HTML that need no other file. */
import type { ClipSource } from '../../audio/clip-source.js'
import { prepareWaveform } from '../../audio/prepare-waveform.js'
import { spectrogramPng } from '../../audio/spectrogram.js'
import { encodeWav } from '../../audio/wav.js'
import type { WaveformProtocol } from '../../audio/waveform-protocol.js'
import { AudioError } from '../../errors.js'
import { escapeHtml } from '../../files/html.js'
import type { Session } from '../features/session.js'

/** Hz; and the length of what is played, or the page would grow without end. */
const sampleRate = 16_000
const mostSeconds = 10

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
    const samples = (prepared.data() as Float32Array).slice(0, mostSeconds * sampleRate)
    prepared.dispose()
    const png = await spectrogramPng(samples, sampleRate, { width: 460, height: 190 })
    const wav = encodeWav([samples], sampleRate)
    const cut = audio.channels[0].length / audio.sampleRate > mostSeconds
    return (
      `<img alt="Spectrogram of ${escapeHtml(clip.path)}" width="460" height="190" ` +
      `src="data:image/png;base64,${base64(png)}">` +
      `<audio controls preload="none" src="data:audio/wav;base64,${base64(wav)}"></audio>` +
      (cut ? `<p class="quiet">The first ${mostSeconds} s.</p>` : '')
    )
  } catch (error) {
    if (!(error instanceof AudioError)) throw error
    return `<p class="quiet">${escapeHtml(error.message)}</p>`
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
