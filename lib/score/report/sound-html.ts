/** A sound to hear and to see, in pieces of HTML that need no other file. */
import { spectrogramPng } from '../../audio/spectrogram.js'
import { encodeWav } from '../../audio/wav.js'
import { escapeHtml } from '../../files/html.js'

/** Of what is played, or a page would grow without end. */
export const mostSeconds = 10

/** `samples` are of one channel; `name` stands for the sound. */
export async function soundHtml(
  name: string,
  samples: Float32Array,
  sampleRate: number,
): Promise<string> {
  const heard = samples.subarray(0, mostSeconds * sampleRate)
  const png = await spectrogramPng(heard, sampleRate, { width: 460, height: 190 })
  const wav = encodeWav([heard], sampleRate)
  const title = escapeHtml(name)
  return (
    `<img alt="Spectrogram of ${title}" width="460" height="190" ` +
    `src="data:image/png;base64,${base64(png)}">` +
    `<audio controls preload="none" src="data:audio/wav;base64,${base64(wav)}" ` +
    `aria-label="${title}"></audio>` +
    (samples.length > heard.length ? `<p class="quiet">The first ${mostSeconds} s.</p>` : '')
  )
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
