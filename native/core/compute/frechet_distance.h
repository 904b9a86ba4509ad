#pragma once

#include "compute/gaussian.h"
#include "compute/operation.h"

namespace audioldm {

// The Fréchet distance of two Gaussians and its terms:
// distance = mean_term + trace1 + trace2 − 2·root_trace.
struct FrechetTerms {
  double distance;
  double mean_term;   // ‖μ₁ − μ₂‖²
  double trace1;      // tr Σ₁
  double trace2;      // tr Σ₂
  double root_trace;  // tr (Σ₁Σ₂)^½
};

// Covariances have ddof 1, so both counts must be 2 or more. `check` is called before the long
// part.
FrechetTerms FrechetBetween(const Gaussian& first, const Gaussian& second,
                            const std::function<void()>& check);

// `frechet_distance`: d² = ‖μ₁−μ₂‖² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁Σ₂)^½ (Dowson and Landau, "The
// Fréchet distance between multivariate normal distributions", 1982), no square root of the whole.
// The FD and FAD of audioldm_eval (metrics/fid.py, metrics/fad.py).
//
// Inputs: mean1 [d], factor1 [r₁, d], mean2 [d], factor2 [r₂, d] as `statistics` gives them.
// Parameters: count1, count2 ≥ 2.
// Result: [5], the fields of FrechetTerms in order.
//
// With Σ = FᵀF/(n−1), the eigenvalues of Σ₁Σ₂ are the squared singular values of F₁F₂ᵀ over
// (n₁−1)(n₂−1), so the trace of the root is the sum of those singular values. This holds for
// singular covariances too (n ≤ d), where roots of Σ₁Σ₂ lose half of their digits, and it costs a
// min(r₁, r₂)-sized decomposition. The distance is never negative: what rounding leaves below zero
// becomes zero.
Tensors FrechetDistance(const Request& request);

}  // namespace audioldm
