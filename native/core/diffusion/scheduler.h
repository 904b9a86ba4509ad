#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "diffusion/noise.h"

namespace audioldm {

enum class TimestepSpacing { kLeading, kLinspace, kTrailing };

// What a scheduler is made from; NativeScheduler of lib/native/binding.ts says what each field is.
struct SchedulerConfig {
  int64_t steps = 25;  // 1 … the number of training timesteps
  double eta = 0;
  bool karras = false;
  TimestepSpacing spacing = TimestepSpacing::kLeading;
  int64_t steps_offset = 1;
  bool set_alpha_to_one = false;
  // Cumulative product of 1 − β over the training timesteps, ᾱ₀ first; at least two entries.
  std::vector<double> alphas_cumprod;
};

// Turns the noise that the UNet predicts at step i (0 … steps − 1) into the next latents.
//
// Latents, model outputs and results are float32 [B, C, T, F] on one device. Scalars are float32
// as in diffusers, whose trajectories these equal. An object serves one run: steps are taken once
// each, in order, because multistep methods remember earlier outputs. A run may leave out steps at
// its start, beginning with latents from AddNoise().
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // What the UNet is told at each step, noisiest first; `steps` entries.
  const std::vector<float>& timesteps() const { return timesteps_; }

  // The starting latents are unit noise times this.
  virtual float InitNoiseSigma() const { return 1.0f; }

  // Clean latents x₀ with unit noise, as noisy as the latents that step i is taken from.
  virtual at::Tensor AddNoise(const at::Tensor& latents, const at::Tensor& noise,
                              int64_t i) const = 0;

  // What the UNet sees of the latents at step i.
  virtual at::Tensor ScaleModelInput(const at::Tensor& sample, int64_t i) const { return sample; }

  // The latents after step i. Stochastic schedulers take their noise from `noise`.
  virtual at::Tensor Step(const at::Tensor& model_output, int64_t i, const at::Tensor& sample,
                          Noise& noise) = 0;

 protected:
  std::vector<float> timesteps_;
};

}  // namespace audioldm
