// Whether a sound changes more where its parts meet than it does elsewhere.

/** The largest spectral flux and change of level within 50 ms of a border, against elsewhere. */
export function reportSeams(what, { samples, sampleRate }, borders) {
  const frames = borders.map((border) => Math.round(border * 100))
  for (const [name, series] of Object.entries(changes(samples, sampleRate / 100))) {
    const at = frames.map((frame) => Math.max(...series.slice(frame - 5, frame + 6)))
    const others = series.filter((_, i) => frames.every((frame) => Math.abs(i - frame) > 5))
    const elsewhere = []
    for (let i = 0; i + 11 <= others.length; i += 11) {
      elsewhere.push(Math.max(...others.slice(i, i + 11)))
    }
    const mean = average(elsewhere)
    const deviation = Math.sqrt(average(elsewhere.map((value) => (value - mean) ** 2)))
    console.log(
      `${what}, ${name}: at borders ${average(at).toFixed(2)} dB, ` +
        `elsewhere ${mean.toFixed(2)} ± ${deviation.toFixed(2)} dB`,
    )
  }
}

/** Between neighbouring stretches of 20 ms: mean change of 32 bands, and change of the whole, in dB. */
function changes(samples, hop) {
  const bands = 32
  const size = 512
  const count = Math.floor((samples.length - size) / hop)
  const frames = Array.from({ length: count }, (_, f) => bandLevels(samples, f * hop, size, bands))
  const flux = []
  const level = []
  for (let f = 2; f < count; f++) {
    flux.push(
      average(frames[f].levels.map((value, b) => Math.abs(value - frames[f - 2].levels[b]))),
    )
    level.push(Math.abs(frames[f].all - frames[f - 2].all))
  }
  return { flux: [0, ...flux], level: [0, ...level] }
}

/** Goertzel's algorithm at the middle of each band is enough to see a jump. */
function bandLevels(samples, start, size, bands) {
  const levels = []
  let energy = 1e-12
  for (let i = 0; i < size; i++) energy += samples[start + i] ** 2
  for (let band = 0; band < bands; band++) {
    const bin = Math.round(((band + 0.5) * size) / 2 / bands)
    const turn = 2 * Math.cos((2 * Math.PI * bin) / size)
    let [a, b] = [0, 0]
    for (let i = 0; i < size; i++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size)
      ;[a, b] = [hann * samples[start + i] + turn * a - b, a]
    }
    levels.push(10 * Math.log10(a * a + b * b - turn * a * b + 1e-12))
  }
  return { levels, all: 10 * Math.log10(energy) }
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
