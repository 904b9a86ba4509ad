#pragma once

#include <vector>

#include "diffusion/scheduler.h"

namespace audioldm {

// Noise levels σ = √((1 − ᾱ) / ᾱ) of the training timesteps, for schedulers that work in σ.
class TrainingSigmas {
 public:
  explicit TrainingSigmas(const std::vector<double>& alphas_cumprod);

  // σ at fractional timesteps, linearly between neighbours and constant beyond the ends.
  std::vector<double> At(const std::vector<double>& timesteps) const;

  // The fractional timestep whose log σ lies where log `sigma` does; 0 … count − 1.
  double TimestepOf(double sigma) const;

  double smallest() const { return sigmas_.front(); }
  double largest() const { return sigmas_.back(); }

 private:
  std::vector<float> sigmas_;
  std::vector<float> log_sigmas_;
};

// `count` levels from `largest` down to `smallest`, equally spaced in σ^(1/7) (Karras et al. 2022).
std::vector<double> KarrasSigmas(double smallest, double largest, int64_t count);

// As float32, with the final 0 that ends every run.
std::vector<float> WithFinalZero(const std::vector<double>& sigmas);

// Timesteps and levels (one more than timesteps) of both Euler schedulers.
struct SigmaSchedule {
  std::vector<float> timesteps;
  std::vector<float> sigmas;
};
SigmaSchedule EulerSchedule(const SchedulerConfig& config);

// The standard deviation of the noisiest latents: its σ where spacing reaches the last training
// timestep by construction, else √(σ² + 1).
float EulerInitNoiseSigma(const SigmaSchedule& schedule, TimestepSpacing spacing);

}  // namespace audioldm
