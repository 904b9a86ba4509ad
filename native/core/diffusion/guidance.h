#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace audioldm {

// The UNet: (sample [B, C, T, F], timestep [B] float32, class_labels [B, E]) → noise [B, C, T, F].
// It casts float inputs to the dtype of its weights and answers in that dtype.
using UNetFn = std::function<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&)>;

// Classifier-free guidance, ε = ε_uncond + s · (ε_cond − ε_uncond), with a scale s of its own for
// every clip, in one doubled batch: unconditional half first, as diffusers does. When every scale
// is 1 the unconditional half would not count and is not computed.
class Guidance {
 public:
  // `conditional` and `unconditional`: [B, E] on the UNet's device; B scales. `unconditional` is
  // not looked at when every scale is 1.
  Guidance(const at::Tensor& conditional, const at::Tensor& unconditional,
           const std::vector<double>& scales);

  // Whether any of the scales needs the unconditional half.
  static bool Doubles(const std::vector<double>& scales);

  // The guided noise, float32 [B, C, T, F]. `sample`: float32 [B, C, T, F].
  at::Tensor Predict(const UNetFn& unet, const at::Tensor& sample, float timestep) const;

 private:
  at::Tensor labels_;  // [B, E] or [2B, E]
  at::Tensor scales_;  // float32 [B, 1, 1, 1]; undefined when the batch is not doubled
};

}  // namespace audioldm
