#pragma once

#include "compute/operation.h"

namespace audioldm {

// Input `index` as float64, as `Input` in operation.h gives it. Throws Error naming it when it
// holds NaN or infinity, which LAPACK would refuse without a name.
at::Tensor FiniteInput(const Request& request, size_t index, const char* name, int64_t dimensions);

// The same without the conversion, for what is large and converted in pieces.
const at::Tensor& FiniteInputUnconverted(const Request& request, size_t index, const char* name,
                                         int64_t dimensions);

// Throws Error with the message where a result holds NaN or infinity: finite inputs that are too
// large for sums of their powers.
void RequireFinite(const at::Tensor& result, const char* message);

// A number of rows that a statistic was taken over, at least `min`.
double Count(const Request& request, const char* name, int64_t min);

}  // namespace audioldm
