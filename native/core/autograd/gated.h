#pragma once

#include <ATen/core/Tensor.h>

namespace audioldm {

// GEGLU with a gradient: the first half of the last dimension times gelu() of the second. On CPUs
// with AVX2 a pass of ours, everything else is libtorch's.
at::Tensor TrainingGated(const at::Tensor& x);

}  // namespace audioldm
