#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "diffusion/noise.h"
#include "diffusion/scheduler.h"
#include "diffusion/source.h"

namespace audioldm {

// The noise in the latents, guidance included: float32 [B, C, T, F] → the same.
using PredictFn = std::function<at::Tensor(const at::Tensor& sample, float timestep)>;

struct SampleRequest {
  Scheduler* scheduler = nullptr;  // fresh: it serves one run
  Noise* noise = nullptr;          // fresh: its first draw is the starting noise
  PredictFn predict;
  Source source;
};

struct SampleCallbacks {
  // After each step: how many of this run are done (1 …), and the float32 latents, which must not
  // be written to; they are not touched again, so they may be kept.
  std::function<void(int64_t step, const at::Tensor& latents)> on_step;
  // Asked before each step.
  std::function<bool()> cancelled;
};

struct Samples {
  at::Tensor latents;           // float32 [B, C, T, F] on the device of the noise
  std::vector<double> step_ms;  // one per step taken
};

// The denoising loop: from noise to latents. Latents stay float32 whatever the UNet computes in.
//
// With a source the loop starts at its first step, from its latents x₀ and the starting noise ε as
// AddNoise() mixes them (from ε alone at step 0; with no step left, x₀ is the result). With a mask,
// what is kept is put back before every step, as noisy as the rest and always with the same ε, and
// after the last step, clean.
//
// Throws Aborted when cancelled. Work on a device is waited for at every step, so that an abort
// takes effect within one.
Samples Sample(const SampleRequest& request, const SampleCallbacks& callbacks);

}  // namespace audioldm
