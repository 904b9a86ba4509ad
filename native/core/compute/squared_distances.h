#pragma once

#include <ATen/core/Tensor.h>

namespace audioldm {

// ‖xᵢ − yⱼ‖² of rows [a, d] and [b, d] in float64: [a, b], never negative, 0 for equal rows. By
// ‖x‖² + ‖y‖² − 2x·y, and where that would lose more than two digits, from the differences
// themselves: close pairs are as exact as distant ones. Fast for rows that lie around zero.
// Throws Error where values are too large for it.
at::Tensor SquaredDistances(const at::Tensor& x, const at::Tensor& y);

}  // namespace audioldm
