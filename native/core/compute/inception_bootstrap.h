#pragma once

#include "compute/operation.h"

namespace audioldm {

// `inception_bootstrap`: the mean that `inception_score` gives, of clips that are drawn with
// replacement. What is drawn is in random order already, so of each sample of N clips split i has
// the draws ⌊iN/splits⌋ … ⌊(i+1)N/splits⌋ − 1.
//
// Inputs: logits [N, C]. Parameters: splits, 1 ≤ splits ≤ N; replicates ≥ 1; seed of NumPy's
// RandomState, whose randint(0, N, N) draws one sample after the other.
// Result: [replicates]. Splits of all samples are computed at once: with how often they have each
// clip, p(y) is a product of matrices. Cancelled between splits.
Tensors InceptionBootstrap(const Request& request);

}  // namespace audioldm
