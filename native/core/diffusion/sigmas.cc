#include "diffusion/sigmas.h"

#include <algorithm>
#include <cmath>

#include "diffusion/timesteps.h"

namespace audioldm {

TrainingSigmas::TrainingSigmas(const std::vector<double>& alphas_cumprod) {
  for (const double value : alphas_cumprod) {
    // A training schedule of zero terminal signal would give an infinite σ; diffusers puts the
    // smallest float16 there.
    const float alpha = std::max(static_cast<float>(value), std::ldexp(1.0f, -24));
    sigmas_.push_back(std::sqrt((1.0f - alpha) / alpha));
    log_sigmas_.push_back(std::log(sigmas_.back()));
  }
}

std::vector<double> TrainingSigmas::At(const std::vector<double>& timesteps) const {
  const double last = static_cast<double>(sigmas_.size() - 1);
  std::vector<double> result;
  result.reserve(timesteps.size());
  for (const double timestep : timesteps) {
    const double t = std::clamp(timestep, 0.0, last);
    const size_t low = std::min(static_cast<size_t>(t), sigmas_.size() - 2);
    const double below = sigmas_[low];
    const double above = sigmas_[low + 1];
    result.push_back(t == last ? above : (above - below) * (t - static_cast<double>(low)) + below);
  }
  return result;
}

double TrainingSigmas::TimestepOf(double sigma) const {
  const double log_sigma = std::log(std::max(sigma, 1e-10));
  // The last training level not above log_sigma; levels rise with the timestep.
  const auto above = std::upper_bound(log_sigmas_.begin(), log_sigmas_.end(), log_sigma,
                                      [](double value, float level) { return value < level; });
  const size_t rank = above - log_sigmas_.begin();
  const size_t low = std::min(rank == 0 ? 0 : rank - 1, log_sigmas_.size() - 2);
  // In float32 as the table is, then in float64 as `sigma` is.
  const float span = log_sigmas_[low] - log_sigmas_[low + 1];
  const double w = std::clamp((log_sigmas_[low] - log_sigma) / span, 0.0, 1.0);
  return (1 - w) * static_cast<double>(low) + w * static_cast<double>(low + 1);
}

std::vector<double> KarrasSigmas(double smallest, double largest, int64_t count) {
  constexpr double kRho = 7.0;
  const double low = std::pow(smallest, 1 / kRho);
  const double high = std::pow(largest, 1 / kRho);
  const double step = count > 1 ? 1.0 / static_cast<double>(count - 1) : 0.0;
  std::vector<double> sigmas(count);
  for (int64_t i = 0; i < count; ++i) {
    const double ramp = count > 1 && i == count - 1 ? 1.0 : static_cast<double>(i) * step;
    sigmas[i] = std::pow(high + ramp * (low - high), kRho);
  }
  return sigmas;
}

std::vector<float> WithFinalZero(const std::vector<double>& sigmas) {
  std::vector<float> result(sigmas.begin(), sigmas.end());
  result.push_back(0.0f);
  return result;
}

SigmaSchedule EulerSchedule(const SchedulerConfig& config) {
  const TrainingSigmas training(config.alphas_cumprod);
  const auto train = static_cast<int64_t>(config.alphas_cumprod.size());
  std::vector<double> timesteps =
      Timesteps(config.spacing, train, config.steps, config.steps_offset, false);
  // Fractional timesteps are float32 before their levels are looked up.
  for (double& timestep : timesteps) timestep = static_cast<float>(timestep);
  std::vector<double> sigmas = training.At(timesteps);
  if (config.karras) {
    // Between the run's own ends, not the training schedule's.
    sigmas = KarrasSigmas(sigmas.back(), sigmas.front(), config.steps);
    std::transform(sigmas.begin(), sigmas.end(), timesteps.begin(),
                   [&](double sigma) { return training.TimestepOf(sigma); });
  }
  return {{timesteps.begin(), timesteps.end()}, WithFinalZero(sigmas)};
}

float EulerInitNoiseSigma(const SigmaSchedule& schedule, TimestepSpacing spacing) {
  const float sigma = *std::max_element(schedule.sigmas.begin(), schedule.sigmas.end());
  return spacing == TimestepSpacing::kLeading ? std::sqrt(sigma * sigma + 1.0f) : sigma;
}

}  // namespace audioldm
