#pragma once

#include <memory>
#include <vector>

#include "diffusion/scheduler.h"

namespace audioldm {

// Denoising diffusion implicit models (Song et al. 2020), equal to diffusers' DDIMScheduler without
// clipping. eta 0 is deterministic, 1 is ancestral sampling; noise is drawn only where eta > 0,
// then at every step, the last included.
//
// A timestep beyond the training schedule (leading spacing, as many steps as training timesteps,
// offset 1), where diffusers raises IndexError, counts as the last one.
class DdimScheduler : public Scheduler {
 public:
  static std::unique_ptr<Scheduler> Create(const SchedulerConfig& config);

  explicit DdimScheduler(const SchedulerConfig& config);
  at::Tensor AddNoise(const at::Tensor& latents, const at::Tensor& noise, int64_t i) const override;
  at::Tensor Step(const at::Tensor& model_output, int64_t i, const at::Tensor& sample,
                  Noise& noise) override;

 private:
  float AlphaAt(int64_t timestep) const;

  std::vector<float> alphas_cumprod_;
  float final_alpha_;
  float eta_;
  int64_t stride_;
};

}  // namespace audioldm
