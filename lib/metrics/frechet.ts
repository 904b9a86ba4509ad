import type { Calculator } from '../native/calculator.js'
import type { Statistics } from './statistics.js'

/**
 * The squared Fréchet distance between the Gaussians of two sets of rows,
 * ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), Σ with ddof 1. D. C. Dowson, B. V. Landau, "The Fréchet
 * distance between multivariate normal distributions" (1982).
 */
export async function frechetDistance(
  calculator: Calculator,
  a: Statistics,
  b: Statistics,
): Promise<number> {
  const [distance] = await calculator.numbers(
    'frechet_distance',
    [a.mean, a.factor, b.mean, b.factor],
    { count1: a.count, count2: b.count },
  )
  return distance
}
