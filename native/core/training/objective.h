#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "training/trainable_unet.h"
#include "training/training_batch.h"

namespace audioldm {

// What training makes small: how far the UNet is from telling the noise in noisy latents.
class Objective {
 public:
  // `alphas_cumprod` as in NativeTrainerSpec. bfloat16: the UNet runs under autocast,
  // except on CPUs that do not multiply bfloat16, where it would be slower than float32.
  Objective(const std::vector<double>& alphas_cumprod, c10::Device device, bool bfloat16);

  int64_t timesteps() const { return signal_.size(0); }

  // (prediction − noise)² for a pass, float32 [N, C, t, f] on the device: the prediction is that
  // for √ᾱ_t · latents + √(1 − ᾱ_t) · noise.
  at::Tensor SquaredErrors(TrainableUnet& unet, const TrainingBatch& batch) const;

 private:
  c10::Device device_;
  bool bfloat16_;
  at::Tensor signal_;  // √ᾱ_t, [T] float32, on the CPU
  at::Tensor spread_;  // √(1 − ᾱ_t)
};

}  // namespace audioldm
