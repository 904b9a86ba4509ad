#pragma once

#include <cstdint>
#include <vector>

namespace audioldm {

// The items of a data set of `items` clips that step `step` (0 is the first) takes, `per_step` of
// them: those at positions step · per_step … of an endless order in which every epoch is a
// permutation of all items, drawn from (seed, epoch). An epoch may end in the middle of a step, and
// a data set smaller than a step repeats in it. Nothing but the arguments decides the result, so
// that a run can go on anywhere; any thread may call it.
//
// Throws Error (kEngineFailed) where there are no items, or a number is negative or too large.
std::vector<int64_t> ItemsOf(uint64_t seed, int64_t step, int64_t per_step, int64_t items);

}  // namespace audioldm
