#pragma once

#include <ATen/core/Tensor.h>

namespace audioldm {

// Group normalisation, followed by SiLU when asked: `audioldm::group_norm` in frozen graphs.
// x: [N, C, H, W]; weight, bias: [C]. No gradient.
//
// Channels-last float32 and bfloat16 on CPUs with AVX-512 take a kernel of our own: statistics in
// double around a pivot, where libtorch's channels-last kernel subtracts squares of float32 sums
// and loses digits as soon as the mean is larger than the deviation. Everything else takes
// libtorch's.
at::Tensor GroupNorm(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                     const at::Tensor& bias, double eps, bool silu);

}  // namespace audioldm
