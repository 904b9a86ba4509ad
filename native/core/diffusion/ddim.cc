#include "diffusion/ddim.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "diffusion/timesteps.h"

namespace audioldm {

std::unique_ptr<Scheduler> DdimScheduler::Create(const SchedulerConfig& config) {
  return std::make_unique<DdimScheduler>(config);
}

DdimScheduler::DdimScheduler(const SchedulerConfig& config)
    : alphas_cumprod_(config.alphas_cumprod.begin(), config.alphas_cumprod.end()),
      final_alpha_(config.set_alpha_to_one ? 1.0f : alphas_cumprod_.front()),
      eta_(static_cast<float>(config.eta)) {
  const auto train = static_cast<int64_t>(alphas_cumprod_.size());
  stride_ = train / config.steps;
  for (const double t : Timesteps(config.spacing, train, config.steps, config.steps_offset, true)) {
    timesteps_.push_back(static_cast<float>(std::min(t, static_cast<double>(train - 1))));
  }
}

float DdimScheduler::AlphaAt(int64_t timestep) const {
  return timestep < 0 ? final_alpha_ : alphas_cumprod_[timestep];
}

at::Tensor DdimScheduler::AddNoise(const at::Tensor& latents, const at::Tensor& noise,
                                   int64_t i) const {
  const float alpha = AlphaAt(static_cast<int64_t>(timesteps_[i]));
  return std::sqrt(alpha) * latents + std::sqrt(1 - alpha) * noise;
}

at::Tensor DdimScheduler::Step(const at::Tensor& model_output, int64_t i, const at::Tensor& sample,
                               Noise& noise) {
  const auto timestep = static_cast<int64_t>(timesteps_[i]);
  const float alpha = AlphaAt(timestep);
  const float alpha_next = AlphaAt(timestep - stride_);
  const float variance = (1 - alpha_next) / (1 - alpha) * (1 - alpha / alpha_next);
  const float deviation = eta_ * std::sqrt(std::max(variance, 0.0f));
  const float direction = std::sqrt(std::max(1 - alpha_next - deviation * deviation, 0.0f));

  const at::Tensor denoised = (sample - std::sqrt(1 - alpha) * model_output) / std::sqrt(alpha);
  const at::Tensor next = std::sqrt(alpha_next) * denoised + direction * model_output;
  return eta_ > 0 ? next + deviation * noise.Draw() : next;
}

}  // namespace audioldm
