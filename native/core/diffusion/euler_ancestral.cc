#include "diffusion/euler_ancestral.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace audioldm {

std::unique_ptr<Scheduler> EulerAncestralScheduler::Create(const SchedulerConfig& config) {
  return std::make_unique<EulerAncestralScheduler>(config);
}

at::Tensor EulerAncestralScheduler::Step(const at::Tensor& model_output, int64_t i,
                                         const at::Tensor& sample, Noise& noise) {
  const float from = schedule_.sigmas[i];
  const float to = schedule_.sigmas[i + 1];
  const float up = std::sqrt(to * to * (from * from - to * to) / (from * from));
  const float down = std::sqrt(std::max(to * to - up * up, 0.0f));

  const at::Tensor denoised = sample - from * model_output;
  const at::Tensor derivative = (sample - denoised) / from;
  return sample + derivative * (down - from) + noise.Draw() * up;
}

}  // namespace audioldm
