export const presetNames = ['paper-2023', '2026'] as const

export type PresetName = (typeof presetNames)[number]
