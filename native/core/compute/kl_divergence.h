#pragma once

#include "compute/operation.h"

namespace audioldm {

// `kl_divergence`: per pair of clips, Σ over classes of p_t·(log p_t − log(p_g + ε)), with p_t of
// the target and p_g of the generated clip, as audioldm_eval (metrics/kl.py); its metric is the
// mean over pairs.
//
// Inputs: logits_generated [N, C], logits_target [N, C], paired by row. Parameters: epsilon in
// (0, 1]; the evaluator has 1e-6.
// Result: [N, 2]. Column 0 takes p as softmax: KL(target ‖ generated) but for ε, which can make it
// slightly negative. Column 1 takes p as sigmoid: only the first half of each class's Bernoulli
// divergence, hence not a divergence; it may be negative.
Tensors KlDivergence(const Request& request);

}  // namespace audioldm
