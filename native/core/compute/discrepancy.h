#pragma once

#include <functional>

#include "compute/row_blocks.h"

namespace audioldm {

// k(xᵢ, yⱼ) of two blocks of rows, [a, b].
using KernelBlock = std::function<at::Tensor(const at::Tensor& x, const at::Tensor& y)>;

// The rows that are compared. Among themselves, the generated ones may be centred elsewhere than
// beside the reference; a kernel that does not depend on where rows lie gives the same.
struct ComparedRows {
  RowBlocks generated;
  RowBlocks generated_beside_reference;
  RowBlocks reference;
};

// How often each row is in each replicate, [replicates, rows], less 1. Undefined without
// replicates.
struct Resampled {
  at::Tensor generated;
  at::Tensor reference;
};

// The squared maximum mean discrepancy without bias (A. Gretton et al., "A kernel two-sample test",
// 2012): Σ_{i≠j} k(xᵢ,xⱼ) / (n(n−1)) + Σ_{i≠j} k(yᵢ,yⱼ) / (m(m−1)) − 2 Σ k(xᵢ,yⱼ) / (nm). Of a
// replicate, what it adds to that, in two parts (W. Hoeffding, "A class of statistics with
// asymptotically normal distribution", 1948):
//   first    the sum over rows of their weight and their part in the discrepancy,
//   second   Σ_{i≠j} wᵢwⱼ k̃(xᵢ,xⱼ) / (n(n−1)) and so on, with weights w, and k̃ the kernel less the
//            means of its row and its column, which the first part has already.
// A row with itself is no pair, however often it was drawn.
struct DiscrepancyOf {
  double value;
  // Of each generated row, its mean over the others, less twice that over the reference, plus the
  // reference's own: their mean is the value.
  at::Tensor by_row;
  at::Tensor deviations;  // [replicates, 2]: first, second
};

DiscrepancyOf Discrepancy(const ComparedRows& rows, const KernelBlock& kernel,
                          const Resampled& resampled, const Request& request);

// The weights of `replicates` replicates of both sides, whose clips are drawn anew: inputs
// `first_index` and the next say how many rows each clip has; parameters replicates,
// seed_generated, seed_reference. Undefined when replicates is 0.
Resampled ResampledInput(const Request& request, size_t first_index, int64_t rows_generated,
                         int64_t rows_reference);

// Throws Error unless both have 2 rows or more, of one length.
void RequirePairs(const at::Tensor& generated, const at::Tensor& reference);

}  // namespace audioldm
