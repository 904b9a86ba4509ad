#pragma once

#include <memory>

#include "diffusion/euler.h"

namespace audioldm {

// Euler steps that go below the next noise level and add fresh noise up to it, equal to diffusers'
// EulerAncestralDiscreteScheduler. Noise is drawn at every step, the last included (where its
// weight is 0). Karras spacing, which diffusers does not offer here, is that of EulerScheduler.
class EulerAncestralScheduler : public EulerScheduler {
 public:
  static std::unique_ptr<Scheduler> Create(const SchedulerConfig& config);

  using EulerScheduler::EulerScheduler;
  at::Tensor Step(const at::Tensor& model_output, int64_t i, const at::Tensor& sample,
                  Noise& noise) override;
};

}  // namespace audioldm
