#pragma once

#include "compute/operation.h"

namespace audioldm {

// `merge_statistics`: the statistics of the union of two sets, from those of each.
//
// Inputs: mean1 [d], factor1 [r₁, d], mean2 [d], factor2 [r₂, d] as `statistics` gives them.
// Parameters: count1, count2 ≥ 1, the rows of each set.
// Result: mean [d]; factor [r, d] of the union: the rows of both factors and
// √(n₁n₂/(n₁+n₂))·(mean2 − mean1), compressed to d rows when they are more than 2d. Exact but for
// rounding (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
// sample variances", 1979).
Tensors MergeStatistics(const Request& request);

}  // namespace audioldm
