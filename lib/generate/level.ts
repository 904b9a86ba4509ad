/** Brings a clip to the loudness and below the peak that were asked for. */
import type { Audio } from '../audio/audio.js'
import { gainFor } from '../audio/loudness.js'
import type { ClipSettings } from './plan.js'

export function asksForLevel({ lufs, truePeak }: ClipSettings): boolean {
  return lufs !== undefined || truePeak !== undefined
}

/**
 * The clip at its level, in the place of `audio`; the settings tell of its loudness then. The message
 * says why the loudness is not the one that was asked for, where it is not.
 */
export async function atLevel(
  audio: Audio,
  settings: ClipSettings,
): Promise<{ audio: Audio; warning?: string }> {
  const { lufs } = settings
  const measured = await audio.loudness()
  const gain = gainFor(measured, settings)
  const decibels = 20 * Math.log10(gain)
  const reached = {
    lufs: measured.lufs === null ? null : measured.lufs + decibels,
    truePeak: measured.truePeak === null ? null : measured.truePeak + decibels,
  }
  settings.loudness = reached
  const levelled = await audio.scaled(gain)
  audio.dispose()
  if (lufs === undefined) return { audio: levelled }
  if (reached.lufs === null) {
    const why = levelled.durationSeconds < 0.4 ? 'is shorter than 0.4 s' : 'is silent'
    return {
      audio: levelled,
      warning: `the clip ${why} and has no loudness to bring to ${lufs} LUFS`,
    }
  }
  if (lufs - reached.lufs < 0.01) return { audio: levelled }
  const at = `the clip is at ${reached.lufs.toFixed(1)} LUFS and not at ${lufs}`
  const peak = `its true peak is at ${reached.truePeak?.toFixed(1)} dB`
  return { audio: levelled, warning: `${at}: ${peak}` }
}
