#pragma once

#include <ATen/core/Tensor.h>

namespace audioldm {

// Layer normalisation over the last dimension, with a gradient. In training with bfloat16 it
// answers in it. On CPUs with AVX2 passes of ours, everything else is libtorch's.
at::Tensor TrainingLayerNorm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                             double eps);

}  // namespace audioldm
