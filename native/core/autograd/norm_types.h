#pragma once

#include <ATen/ATen.h>

#include "autograd/loops.h"

namespace audioldm {

// A norm's input and output as the loops see them.
template <typename In, typename Out>
struct NormTypes {
  static const In* X(const at::Tensor& x) { return static_cast<const In*>(x.const_data_ptr()); }
  static const Out* Y(const at::Tensor& y) { return static_cast<const Out*>(y.const_data_ptr()); }
  static In* MutableX(const at::Tensor& x) { return static_cast<In*>(x.data_ptr()); }
  static Out* MutableY(const at::Tensor& y) { return static_cast<Out*>(y.data_ptr()); }
};

inline bool NormTakes(const at::Tensor& x) {
  return FindLoops() != nullptr && x.is_cpu() && x.numel() > 0 &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

// Calls work(loops, types) for an input and an output that are float32 or bfloat16.
template <typename Work>
void WithNormLoops(const at::Tensor& x, const at::Tensor& y, const Work& work) {
  if (y.scalar_type() == at::kFloat) {
    work(FindLoops()->float_norm, NormTypes<float, float>());
  } else if (x.scalar_type() == at::kFloat) {
    work(FindLoops()->narrowing_norm, NormTypes<float, uint16_t>());
  } else {
    work(FindLoops()->bfloat16_norm, NormTypes<uint16_t, uint16_t>());
  }
}

}  // namespace audioldm
