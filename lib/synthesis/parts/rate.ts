/** That of ESC-50, in Hz. */
export const sampleRate = 44100

export function samplesOf(seconds: number): number {
  return Math.max(1, Math.round(seconds * sampleRate))
}
