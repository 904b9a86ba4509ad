#pragma once

#include "compute/operation.h"

namespace audioldm {

// `kernel_bootstrap`: how the kernel distance (kernel_distance.h) of all rows scatters when clips
// are drawn anew.
//
// Inputs: rows_generated [N₁, d], rows_reference [N₂, d], 2 rows each or more;
// rows_of_clips_generated, rows_of_clips_reference, how many rows each clip has. Parameters:
// replicates ≥ 1; seed_generated, seed_reference, as ResampledCounts in resample.h takes them.
// Result: [1], the unbiased squared maximum mean discrepancy of all rows with the kernel
// (x·y/d + 1)³; [replicates, 2], by how much that of each replicate differs, in two parts that
// Discrepancy in discrepancy.h states. Cancelled between blocks.
Tensors KernelBootstrap(const Request& request);

}  // namespace audioldm
