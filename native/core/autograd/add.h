#pragma once

#include <ATen/core/Tensor.h>

namespace audioldm {

// x + y of equal shapes. In training with bfloat16 the sum is float32: what blocks add their
// results to keeps its digits.
at::Tensor TrainingAdd(const at::Tensor& x, const at::Tensor& y);

}  // namespace audioldm
