#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "diffusion/guidance.h"
#include "diffusion/noise.h"
#include "diffusion/scheduler.h"

namespace audioldm {

struct SampleRequest {
  Scheduler* scheduler = nullptr;  // fresh: it serves one run
  Noise* noise = nullptr;          // fresh: its first draw is the starting noise
  const Guidance* guidance = nullptr;
};

struct SampleCallbacks {
  // After each step: how many are done (1 …), and the float32 latents, which must not be written
  // to; they are not touched again, so they may be kept.
  std::function<void(int64_t step, const at::Tensor& latents)> on_step;
  // Asked before each step.
  std::function<bool()> cancelled;
};

struct Samples {
  at::Tensor latents;           // float32 [B, C, T, F] on the device of the noise
  std::vector<double> step_ms;  // one per step
};

// The denoising loop: from noise to latents. Latents stay float32 whatever the UNet computes in.
// Throws Aborted when cancelled. Work on a device is waited for at every step, so that an abort
// takes effect within one.
Samples Sample(const SampleRequest& request, const UNetFn& unet, const SampleCallbacks& callbacks);

}  // namespace audioldm
