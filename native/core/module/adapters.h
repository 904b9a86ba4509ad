#pragma once

#include <string>
#include <vector>

#include "module/weights.h"

namespace audioldm {

// A low-rank adapter of one weight: NativeAdapter of lib/native/binding.ts. Nothing in it is
// trusted.
struct Adapter {
  std::string target;
  WeightView down;  // [rank, in]
  WeightView up;    // [out, rank]
  double scale = 1;
};

// Throws Error (kInvalidWeights) listing adapters of weights that are not among `weights`.
void CheckTargets(const std::vector<Adapter>& adapters, const std::vector<WeightView>& weights);

// A weight with the adapters that name it merged: weight + Σ scale · up · down, summed in float32
// and laid out as LoadWeight would. Throws Error (kInvalidWeights) naming the tensor that does not
// fit, also where the sum is not finite in the placement's dtype.
at::Tensor LoadAdapted(const WeightView& weight, const std::vector<Adapter>& adapters,
                       const MappedFiles& files, const WeightPlacement& placement);

}  // namespace audioldm
