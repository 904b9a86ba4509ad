#pragma once

#include "compute/operation.h"

namespace audioldm {

// `kernel_audio_distance`: unbiased squared maximum mean discrepancy with a Gaussian kernel as wide
// as the reference (Chung et al., "KAD: No More FAD! An Effective and Efficient Evaluation Metric
// for Audio Generation", 2025), as kadtk (kadtk/kad.py).
//
// Inputs: rows_generated [N₁, d], rows_reference [N₂, d], 2 rows each or more; with replicates,
// rows_of_clips_generated and rows_of_clips_reference as well, how many rows each clip has.
// Parameters: scale; epsilon > 0; replicates, 0 for none; with replicates, seed_generated and
// seed_reference, as ResampledCounts in resample.h takes them.
// Result: [2]: scale · (Σ_{i≠j} k(xᵢ,xⱼ) / (N₁(N₁−1)) + Σ_{i≠j} k(yᵢ,yⱼ) / (N₂(N₂−1)) −
// 2 Σ k(xᵢ,yⱼ) / (N₁N₂)), which may be negative, with
//   k(a,b) = exp(−‖a − b‖² / (2σ² + epsilon));
// and the bandwidth σ, the median of ‖yᵢ − yⱼ‖ over i < j (the lower one of an even number); and
// [N₁], what each generated row makes of it: their mean is the first number.
// With replicates also [replicates, 2]: by how much the value of each differs, in two parts that
// Discrepancy in discrepancy.h states, scaled. The bandwidth stays.
//
// Distances are computed in blocks and never held, so memory does not grow with N² but time does.
// Cancelled between blocks.
Tensors KernelAudioDistance(const Request& request);

}  // namespace audioldm
