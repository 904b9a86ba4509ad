#pragma once

#include <functional>

#include "diffusion/condition.h"
#include "diffusion/guidance.h"
#include "diffusion/windows.h"

namespace audioldm {

// The guided noise of a batch of clips, however long: the UNet sees windows of them, each with its
// own condition, and what it predicts for them is blended (MultiDiffusion, Bar-Tal et al. 2023).
// The windows of a step go through the UNet a few at a time, so that time grows with a clip's
// length and memory hardly does. A clip of one window goes through it as it is.
class Prediction {
 public:
  // `cancelled` is asked before each call of the UNet but the first of a step.
  Prediction(UNetFn unet, Condition condition, Windows windows, std::function<bool()> cancelled);

  // `sample`: float32 [B, C, T, F] of the windows' total length → the same. Throws Aborted.
  at::Tensor Predict(const at::Tensor& sample, float timestep) const;

 private:
  UNetFn unet_;
  Condition condition_;
  Windows windows_;
  std::function<bool()> cancelled_;
};

}  // namespace audioldm
