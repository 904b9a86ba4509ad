#pragma once

#include "compute/operation.h"

namespace audioldm {

// `kernel_distance`: unbiased squared maximum mean discrepancy with the kernel (x·y/d + 1)³ over
// random subsets (Bińkowski et al., "Demystifying MMD GANs", 2018), as the KID of audioldm_eval
// (metrics/kid.py).
//
// Inputs: rows_generated [N₁, d], rows_reference [N₂, d]. Parameters: subsets ≥ 1; subset_size ≥ 2;
// seed of NumPy's RandomState. A subset has m = min(subset_size, N₁, N₂) rows of each, which must
// be 2 or more; it is drawn without replacement, of the generated rows first.
// Result: [2], mean and standard deviation (ddof 0) over the subsets of
//   Σ_{i≠j} (k(xᵢ,xⱼ) + k(yᵢ,yⱼ)) / (m(m−1)) − 2 Σ k(xᵢ,yⱼ) / m².
//
// Kernels are computed in blocks of rows and never held whole. Where subsets overlap much, the
// kernel of all rows is computed once for many of them. Cancelled between blocks.
Tensors KernelDistance(const Request& request);

}  // namespace audioldm
