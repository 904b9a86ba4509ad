#pragma once

#include <memory>
#include <vector>

#include "diffusion/scheduler.h"

namespace audioldm {

// DPM-Solver++(2M) (Lu et al. 2022), equal to diffusers' DPMSolverMultistepScheduler of order 2,
// midpoint, starting and ending (at σ = 0) with a first-order step; optionally with Karras spacing.
//
// Where two neighbouring steps share a noise level (as many steps as training timesteps, or one
// less), diffusers divides by zero; here the step after it is of first order.
class Dpmpp2mScheduler : public Scheduler {
 public:
  static std::unique_ptr<Scheduler> Create(const SchedulerConfig& config);

  explicit Dpmpp2mScheduler(const SchedulerConfig& config);
  at::Tensor AddNoise(const at::Tensor& latents, const at::Tensor& noise, int64_t i) const override;
  at::Tensor Step(const at::Tensor& model_output, int64_t i, const at::Tensor& sample,
                  Noise& noise) override;

 private:
  std::vector<float> sigmas_;
  at::Tensor previous_denoised_;
};

}  // namespace audioldm
