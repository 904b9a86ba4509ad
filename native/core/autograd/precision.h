#pragma once

#include <ATen/autocast_mode.h>
#include <ATen/core/Tensor.h>

namespace audioldm {

// Whether training computes on this thread in bfloat16: products, and what goes into them. What
// blocks add their results to stays float32.
inline bool InBfloat16(const at::Tensor& tensor) {
  return at::autocast::is_autocast_enabled(tensor.device().type());
}

}  // namespace audioldm
