#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace audioldm {

// Decay of the exponential moving average at update n, from 1: it starts low so that the average
// leaves the first weights behind soon.
double EmaDecay(double decay, int64_t update);

// average ← decay · average + (1 − decay) · weight.
void UpdateEma(std::vector<at::Tensor>& averages, const std::vector<at::Tensor>& weights,
               double decay);

}  // namespace audioldm
