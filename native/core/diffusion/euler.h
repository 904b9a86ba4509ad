#pragma once

#include <memory>

#include "diffusion/scheduler.h"
#include "diffusion/sigmas.h"

namespace audioldm {

// Euler steps on the probability-flow ODE in σ (Karras et al. 2022), equal to diffusers'
// EulerDiscreteScheduler without churn; optionally with Karras spacing.
class EulerScheduler : public Scheduler {
 public:
  static std::unique_ptr<Scheduler> Create(const SchedulerConfig& config);

  explicit EulerScheduler(const SchedulerConfig& config);
  float InitNoiseSigma() const override { return init_noise_sigma_; }
  at::Tensor AddNoise(const at::Tensor& latents, const at::Tensor& noise, int64_t i) const override;
  at::Tensor ScaleModelInput(const at::Tensor& sample, int64_t i) const override;
  at::Tensor Step(const at::Tensor& model_output, int64_t i, const at::Tensor& sample,
                  Noise& noise) override;

 protected:
  SigmaSchedule schedule_;

 private:
  float init_noise_sigma_;
};

}  // namespace audioldm
