#include "training/ema.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace audioldm {

double EmaDecay(double decay, int64_t update) {
  const auto n = static_cast<double>(update);
  return std::min(decay, (1 + n) / (10 + n));
}

void UpdateEma(std::vector<at::Tensor>& averages, const std::vector<at::Tensor>& weights,
               double decay) {
  if (!averages.empty()) at::_foreach_lerp_(averages, weights, 1 - decay);
}

}  // namespace audioldm
