#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <limits>
#include <vector>

#include "diffusion/request.h"

namespace audioldm {

// How closely a clip follows its condition: `scale` at timesteps from … to, 1 at others
// (T. Kynkäänniemi et al., "Applying guidance in a limited interval improves sample and
// distribution quality in diffusion models", 2024).
struct GuidedInterval {
  double scale = 1;
  double from = 0;
  double to = std::numeric_limits<double>::infinity();
};

// What the clips of a batch are conditioned on.
struct Condition {
  at::Tensor conditional;    // float32 [B, W, E]: of every window, or W = 1 for all of them
  at::Tensor unconditional;  // float32 [B, E]; undefined where no scale needs it
  std::vector<GuidedInterval> guidance;  // one per clip

  // What the clips are conditioned on in one window, [B, E].
  at::Tensor In(int64_t window) const;

  // The scales of the guidance at a timestep, one per clip.
  std::vector<double> ScalesAt(double timestep) const;
};

// Prompts → float32 [B, E].
using EncodeTextFn = std::function<at::Tensor(const std::vector<TokenIds>&)>;

// The condition of the clips: their embedding as it is, or else their prompt. Throws Error
// (kEngineFailed) for an embedding that is neither [E] nor [windows, E].
Condition ConditionOf(const std::vector<ClipRequest>& clips, int64_t windows, at::Device device,
                      const EncodeTextFn& encode);

}  // namespace audioldm
