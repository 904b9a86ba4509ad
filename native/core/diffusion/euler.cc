#include "diffusion/euler.h"

#include <ATen/ATen.h>

#include <cmath>

namespace audioldm {

std::unique_ptr<Scheduler> EulerScheduler::Create(const SchedulerConfig& config) {
  return std::make_unique<EulerScheduler>(config);
}

EulerScheduler::EulerScheduler(const SchedulerConfig& config)
    : schedule_(EulerSchedule(config)),
      init_noise_sigma_(EulerInitNoiseSigma(schedule_, config.spacing)) {
  timesteps_ = schedule_.timesteps;
}

at::Tensor EulerScheduler::AddNoise(const at::Tensor& latents, const at::Tensor& noise,
                                    int64_t i) const {
  return latents + schedule_.sigmas[i] * noise;
}

at::Tensor EulerScheduler::ScaleModelInput(const at::Tensor& sample, int64_t i) const {
  const float sigma = schedule_.sigmas[i];
  return sample / std::sqrt(sigma * sigma + 1);
}

at::Tensor EulerScheduler::Step(const at::Tensor& model_output, int64_t i, const at::Tensor& sample,
                                Noise& noise) {
  const float sigma = schedule_.sigmas[i];
  const at::Tensor denoised = sample - sigma * model_output;
  const at::Tensor derivative = (sample - denoised) / sigma;
  return sample + derivative * (schedule_.sigmas[i + 1] - sigma);
}

}  // namespace audioldm
