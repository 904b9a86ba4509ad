#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace audioldm {

// Group normalisation of x [N, C, H, W] plus, where there is one, offset [N, C], followed by SiLU
// when asked, with a gradient. weight, bias: [C]. In training with bfloat16 it answers in it.
//
// On CPUs with AVX2 a few passes of ours over channels-last memory, with sums around a pivot:
// libtorch's take several times as long, and lose digits. Everything else is libtorch's.
at::Tensor TrainingGroupNorm(const at::Tensor& x, const std::optional<at::Tensor>& offset,
                             int64_t groups, const at::Tensor& weight, const at::Tensor& bias,
                             double eps, bool silu);

}  // namespace audioldm
