/** When a sound is computed in overlapping windows, and in which. */
import type { ModelGeometry } from './hub/folder.js'
import type { NativeWindows } from './native/binding.js'

/** What the published models were trained on. */
const trainedSeconds = 10.24
const overlapSeconds = 2.56
/** Sounds up to here are computed whole. */
export const longestWhole = 20.48

/** For a sound of so many latent frames; null where it is computed whole. */
export function windowsFor(
  { hop, vaeFactor }: ModelGeometry,
  sampleRate: number,
  latentFrames: number,
): NativeWindows | null {
  const perSecond = sampleRate / (hop * vaeFactor)
  if (latentFrames <= Math.round(longestWhole * perSecond)) return null
  const frames = Math.round(trainedSeconds * perSecond)
  return { frames, overlap: Math.round(overlapSeconds * perSecond) }
}
