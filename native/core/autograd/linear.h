#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace audioldm {

// x [..., I], weight [O, I], bias [O] or nothing → [..., O], with a gradient. float32 products on
// the CPU, the backward pass's too, go to oneDNN, which takes half the time of what libtorch uses
// by itself; in bfloat16 gradients come out as the weights lie, without a copy. All others stay as
// they are.
at::Tensor TrainingLinear(const at::Tensor& x, const at::Tensor& weight,
                          const std::optional<at::Tensor>& bias);

}  // namespace audioldm
