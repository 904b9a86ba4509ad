/**
 * A perceptual colour scale from near black through purple and orange to pale yellow: a path in
 * OKLCH whose lightness rises linearly, so that equal steps in level look equal and a grey print
 * still reads.
 */
export function colormap(steps = 256): Uint8Array {
  const table = new Uint8Array(steps * 3)
  for (let i = 0; i < steps; i++) {
    const t = i / (steps - 1)
    const lightness = 0.1 + 0.87 * t
    // From blue-violet (275°) over magenta (0°) and orange (60°) to yellow (100°).
    const hue = ((275 + 190 * t ** 1.15) * Math.PI) / 180
    table.set(withinGamut(lightness, 0.035 + 0.19 * Math.sin(Math.PI * t ** 0.85), hue), i * 3)
  }
  return table
}

/** The sRGB colour of that lightness and hue with as much of the chroma as sRGB can show. */
function withinGamut(lightness: number, chroma: number, hue: number): number[] {
  let low = 0
  let high = chroma
  if (inGamut(linearRgb(lightness, high, hue))) low = high
  for (let i = 0; i < 20 && low < high; i++) {
    const middle = (low + high) / 2
    if (inGamut(linearRgb(lightness, middle, hue))) low = middle
    else high = middle
  }
  return linearRgb(lightness, low, hue).map((value) => Math.round(255 * encodeGamma(value)))
}

function inGamut(rgb: number[]): boolean {
  return rgb.every((value) => value >= -1e-4 && value <= 1.0001)
}

/** OKLCH to linear sRGB, with the matrices of the colour space's definition. */
function linearRgb(lightness: number, chroma: number, hue: number): number[] {
  const a = chroma * Math.cos(hue)
  const b = chroma * Math.sin(hue)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
}

function encodeGamma(value: number): number {
  const x = Math.min(1, Math.max(0, value))
  return x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055
}
