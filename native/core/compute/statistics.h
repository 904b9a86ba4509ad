#pragma once

#include "compute/operation.h"

namespace audioldm {

// `statistics`: mean and scatter factor of a set of rows.
//
// Inputs: rows [n, d], n ≥ 1. No parameters.
// Result: mean [d]; factor [r, d] with factorᵀ·factor = Σ (x − mean)(x − mean)ᵀ, not divided;
// r = n when n ≤ 2d, otherwise d (compressed by QR, which changes factorᵀ·factor only by rounding).
// Rows are read in pieces; cancelled between them.
Tensors Statistics(const Request& request);

}  // namespace audioldm
