/** Axes: round numbers at which people expect them. */

export interface Axis {
  from: number
  to: number
  ticks: number[]
}

/** An axis over all values, whose ends are ticks. */
export function axisOf(values: number[], atMost: number): Axis {
  const [low, high] = extent(values)
  const step = roundStep((high - low) / atMost)
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => tidy((first + i) * step))
  return { from: ticks[0], to: ticks[ticks.length - 1], ticks }
}

/** An axis that ends where the values do; ticks are inside. */
export function tightAxisOf(values: number[], atMost: number): Axis {
  const [from, to] = extent(values)
  const step = Math.max(1, roundStep((to - from) / atMost))
  const first = Math.ceil(from / step - 1e-9)
  const count = Math.floor(to / step + 1e-9) - first + 1
  return { from, to, ticks: Array.from({ length: count }, (_, i) => tidy((first + i) * step)) }
}

/** As short as it can be: 0.25, 1,500, 20k, 1.5M. */
export function tickText(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e6 && size < 1e9) return `${tidy(value / 1e6)}M`
  if (size >= 1e4 && size < 1e6) return `${tidy(value / 1e3)}k`
  if (size >= 1e9 || (size > 0 && size < 1e-4)) return tidy(value).toExponential().replace('+', '')
  return value.toLocaleString('en', { maximumFractionDigits: 6 })
}

/** Never empty: equal values get room around them. */
function extent(values: number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low > high) return [0, 1]
  // Closer than this, and ticks would no longer differ in what is written beside them.
  const least = Math.max(Math.abs(low), Math.abs(high)) * 1e-4
  if (high - low > least) return [low, high]
  const room = least === 0 ? 1 : Math.abs(low) / 10
  return [low - (low < 0 || low >= room ? room : 0), high + room]
}

/** The next 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power
}

/** Without the digits that floating point adds. */
function tidy(value: number): number {
  return Number(value.toPrecision(12))
}
