#pragma once

#include "compute/operation.h"

namespace audioldm {

// `inception_score`: exp of the mean KL(p(y|x) ‖ p(y)) per split, with p the softmax of logits and
// p(y) its mean over the split (Salimans et al., "Improved techniques for training GANs", 2016), as
// audioldm_eval shuffles and splits (metrics/isc.py).
//
// Inputs: logits [N, C]. Parameters: splits, 1 ≤ splits ≤ N; seed of NumPy's RandomState.
// Result: [2], mean and standard deviation (ddof 0) over the splits. Split i has the shuffled rows
// ⌊iN/splits⌋ … ⌊(i+1)N/splits⌋ − 1. Throws Error when there are fewer rows than splits, where the
// evaluator gives NaN.
Tensors InceptionScore(const Request& request);

}  // namespace audioldm
