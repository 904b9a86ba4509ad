#include "diffusion/dpmpp_2m.h"

#include <ATen/ATen.h>

#include <cmath>

#include "diffusion/sigmas.h"
#include "diffusion/timesteps.h"

namespace audioldm {
namespace {

// A variance-preserving state at noise level σ: x = alpha·x₀ + sigma·ε; lambda = log(alpha/sigma).
struct Level {
  float alpha;
  float sigma;
  float lambda;
};

Level LevelOf(float noise_level) {
  const float alpha = 1 / std::sqrt(noise_level * noise_level + 1);
  const float sigma = noise_level * alpha;
  return {alpha, sigma, std::log(alpha) - std::log(sigma)};
}

}  // namespace

std::unique_ptr<Scheduler> Dpmpp2mScheduler::Create(const SchedulerConfig& config) {
  return std::make_unique<Dpmpp2mScheduler>(config);
}

Dpmpp2mScheduler::Dpmpp2mScheduler(const SchedulerConfig& config) {
  const TrainingSigmas training(config.alphas_cumprod);
  const auto train = static_cast<int64_t>(config.alphas_cumprod.size());
  if (config.karras) {
    const std::vector<double> sigmas =
        KarrasSigmas(training.smallest(), training.largest(), config.steps);
    for (const double sigma : sigmas) {
      timesteps_.push_back(static_cast<float>(std::nearbyint(training.TimestepOf(sigma))));
    }
    sigmas_ = WithFinalZero(sigmas);
  } else {
    const std::vector<double> timesteps =
        TimestepsWithoutLast(config.spacing, train, config.steps, config.steps_offset);
    timesteps_.assign(timesteps.begin(), timesteps.end());
    sigmas_ = WithFinalZero(training.At(timesteps));
  }
}

at::Tensor Dpmpp2mScheduler::AddNoise(const at::Tensor& latents, const at::Tensor& noise,
                                      int64_t i) const {
  const Level level = LevelOf(sigmas_[i]);
  return level.alpha * latents + level.sigma * noise;
}

at::Tensor Dpmpp2mScheduler::Step(const at::Tensor& model_output, int64_t i,
                                  const at::Tensor& sample, Noise& noise) {
  const Level here = LevelOf(sigmas_[i]);
  const Level next = LevelOf(sigmas_[i + 1]);
  const float h = next.lambda - here.lambda;
  const float weight = next.alpha * (std::exp(-h) - 1.0f);

  const at::Tensor denoised = (sample - here.sigma * model_output) / here.alpha;
  at::Tensor result = (next.sigma / here.sigma) * sample - weight * denoised;
  const bool last = i + 1 == static_cast<int64_t>(timesteps_.size());
  if (previous_denoised_.defined() && !last && sigmas_[i - 1] != sigmas_[i]) {
    const float r = (here.lambda - LevelOf(sigmas_[i - 1]).lambda) / h;
    const at::Tensor slope = (1.0f / r) * (denoised - previous_denoised_);
    result = result - 0.5f * weight * slope;
  }
  previous_denoised_ = denoised;
  return result;
}

}  // namespace audioldm
