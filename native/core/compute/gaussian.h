#pragma once

#include <functional>

#include "compute/operation.h"

namespace audioldm {

// What the Fréchet distance needs of a set of rows [n, d]: its mean and a factor of its scatter,
//
//   factorᵀ·factor = Σ (x − mean)(x − mean)ᵀ     (not divided by anything)
//
// The scatter itself is never formed, because the square roots of its small eigenvalues would keep
// only half of the digits.
struct Gaussian {
  double count;
  at::Tensor mean;    // [d], float64
  at::Tensor factor;  // [r, d], float64
};

// Of rows [n, d] of any floating type, converted and centred in pieces. The factor is the centred
// rows themselves when n ≤ 2d, and d rows otherwise. `check` is called between pieces and may
// throw.
Gaussian FitGaussian(const at::Tensor& rows, const std::function<void()>& check);

// Of the union of two sets. The factor has at most 2d rows, and d when it had to be compressed.
Gaussian Merge(const Gaussian& first, const Gaussian& second);

// The d×d triangle R of factor = Q·R, which has the same RᵀR. Needs r ≥ d.
at::Tensor Compress(const at::Tensor& factor);

// Inputs `index` and `index + 1` as mean and factor, and the parameter `count`.
Gaussian GaussianInput(const Request& request, size_t index, const char* mean, const char* factor,
                       const char* count, int64_t min_count);

// Throws Error naming both numbers unless the two describe rows of the same length.
void RequireSameColumns(const Gaussian& first, const Gaussian& second);

}  // namespace audioldm
