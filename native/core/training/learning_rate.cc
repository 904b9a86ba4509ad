#include "training/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace audioldm {

double LearningRate::At(int64_t step) const {
  if (step < warmup_steps) {
    return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
  }
  if (!cosine) return peak;
  const auto falling = static_cast<double>(std::max<int64_t>(total_steps - warmup_steps, 1));
  const double progress = std::min(static_cast<double>(step - warmup_steps) / falling, 1.0);
  return peak * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace audioldm
