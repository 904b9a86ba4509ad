/** With more degrees of freedom, t is z to 0.1 %. */
const most = 1000

/**
 * t with P(|T| < t) = `level` for Student's T with a whole number of degrees of freedom. By the finite
 * sums for P (Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.3 and 26.7.4),
 * bisected.
 */
export function studentQuantile(level: number, degrees: number): number {
  if (!(degrees >= 1)) return Number.NaN
  const capped = Math.min(degrees, most)
  let [low, high] = [0, Math.PI / 2]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (within(middle, capped) < level) low = middle
    else high = middle
  }
  return Math.sqrt(capped) * Math.tan((low + high) / 2)
}

/** The same of a normal distribution, to 10⁻⁵: quantiles are nearly a line in 1/degrees. */
export function normalQuantile(level: number): number {
  return 2 * studentQuantile(level, most) - studentQuantile(level, most / 2)
}

/** P(|T| < √degrees · tan(angle)). */
function within(angle: number, degrees: number): number {
  const cosine = Math.cos(angle)
  const odd = degrees % 2 === 1
  let term = odd ? cosine : 1
  let sum = degrees === 1 ? 0 : term
  for (let i = odd ? 3 : 2; i < degrees; i += 2) {
    term *= ((i - 1) / i) * cosine ** 2
    sum += term
  }
  const part = Math.sin(angle) * sum
  return odd ? (2 / Math.PI) * (angle + part) : part
}
