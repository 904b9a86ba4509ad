#pragma once

#include "compute/operation.h"

namespace audioldm {

// `frechet_infinity`: the Fréchet distance extrapolated to an infinite number of generated rows
// (Chong and Forsyth, "Effectively unbiased FID and Inception Score and where to find them", 2020;
// Gui et al., "Adapting Fréchet audio distance for generative music evaluation", 2024), as fadtk
// (fadtk/fad.py): distances of samples of `steps` sizes, evenly from min_size to N and rounded
// down, are fitted by a line in 1/size.
//
// Inputs: rows_generated [N, d], N > min_size; mean_reference [d] and factor_reference [r, d] as
// `statistics` gives them. Parameters: count_reference ≥ 2; steps ≥ 2; min_size ≥ 2; seed of
// NumPy's RandomState, whose randint draws every sample with replacement, smallest size first.
// Result: [4]: the value at 1/size = 0; the slope; r² of the fit (1 when all distances are equal);
// the largest size. The value may be negative. Cancelled between sizes.
Tensors FrechetInfinity(const Request& request);

}  // namespace audioldm
