#pragma once

#include "compute/operation.h"

namespace audioldm {

// `bootstrap_means`: means over clips that are drawn with replacement (B. Efron, "Bootstrap
// methods: another look at the jackknife", 1979).
//
// Inputs: values [n, k] of k numbers a clip; NaN is what a clip does not have, and does not count.
// Parameters: replicates ≥ 1; seed, as ResampledCounts in resample.h takes it.
// Result: [replicates, k]; NaN where a sample has no clip with a value.
Tensors BootstrapMeans(const Request& request);

}  // namespace audioldm
