#pragma once

#include "compute/operation.h"

namespace audioldm {

// `covariance`: the sample covariance (ddof 1) of a set, from its statistics.
//
// Inputs: factor [r, d] as `statistics` gives it. Parameters: count ≥ 2.
// Result: [d, d] = factorᵀ·factor / (count − 1).
Tensors Covariance(const Request& request);

}  // namespace audioldm
