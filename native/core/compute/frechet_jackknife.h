#pragma once

#include "compute/operation.h"

namespace audioldm {

// `frechet_jackknife`: Fréchet distances without a group of the clips, for each of `groups` groups
// (delete-a-group jackknife: M. H. Quenouille, "Notes on bias in estimation", 1956; J. W. Tukey,
// 1958). Clips are shuffled and cut into groups of equal size to one; group i of one side is left
// out together with group i of the other. A distance costs what `frechet_distance` does.
//
// Inputs: rows_generated [R₁, d], rows_of_clips_generated [clips], how many of the rows each clip
// has; and of the reference either the same two, or, where it is fixed, mean [d] and factor [r, d].
// Parameters: groups, 2 or more, at most the clips of either side; seed_generated, seed_reference
// of NumPy's RandomState, whose permutation shuffles; count_reference, the rows of a fixed
// reference, else 0. Result: [groups]. Throws Error where fewer than 2 rows are left. Cancelled
// between distances.
Tensors FrechetJackknife(const Request& request);

}  // namespace audioldm
