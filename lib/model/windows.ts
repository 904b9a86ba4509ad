/** When a sound is computed in overlapping windows, and in which. */
import type { ModelGeometry } from '../hub/model-folder.js'
import type { NativeWindows } from '../native/binding.js'

/** What the published models were trained on. */
const trainedSeconds = 10.24
const overlapSeconds = 2.56
/** Sounds up to here are computed whole. */
export const longestWhole = 20.48

/**
 * For a sound of so many latent frames; null where it is computed whole. `long`: whether sounds
 * longer than those of training are computed in windows; default: those longer than 20.48 s.
 */
export function windowsFor(
  { hop, vaeFactor }: ModelGeometry,
  sampleRate: number,
  latentFrames: number,
  long?: boolean,
): NativeWindows | null {
  const perSecond = sampleRate / (hop * vaeFactor)
  const frames = Math.max(2, Math.round(trainedSeconds * perSecond))
  const longest = long === undefined ? Math.round(longestWhole * perSecond) : frames
  if (long === false || latentFrames <= longest) return null
  return { frames, overlap: Math.round(overlapSeconds * perSecond) }
}

/** How many windows the core makes of so many latent frames. */
export function windowCount(windows: NativeWindows | null, latentFrames: number): number {
  if (windows === null || latentFrames <= windows.frames) return 1
  return Math.ceil((latentFrames - windows.overlap) / (windows.frames - windows.overlap))
}
