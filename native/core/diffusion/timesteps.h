#pragma once

#include <cstdint>
#include <vector>

#include "diffusion/scheduler.h"

namespace audioldm {

// The training timesteps a run of `steps` visits, noisiest first, with NumPy's arithmetic (order
// of operations, halves rounded to even) as diffusers' schedulers have it. `train` is the number
// of training timesteps; 1 ≤ steps ≤ train. Entries may exceed train − 1 by `offset` when the
// spacing is leading.
//
// Where train / steps is not a whole number, leading spacing takes the ratio rounded down, so the
// run starts below the noisiest timestep (150 steps of 1000 start at 894 + offset).

// Leading: 0, r, 2r … (r = train / steps rounded down) plus offset. Linspace: from train − 1 down
// to 0, both included. Trailing: train − 1, then down by train / steps. Not rounded for linspace
// unless `round`.
std::vector<double> Timesteps(TimestepSpacing spacing, int64_t train, int64_t steps, int64_t offset,
                              bool round);

// The same for DPM-Solver, which lays steps + 1 points and leaves out the last, least noisy one
// (trailing excepted).
std::vector<double> TimestepsWithoutLast(TimestepSpacing spacing, int64_t train, int64_t steps,
                                         int64_t offset);

}  // namespace audioldm
