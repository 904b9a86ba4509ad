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

// The squared maximum mean discrepancy without bias (A. Gretton et al., "A kernel two-sample test",
// 2012): Σ_{i≠j} k(xᵢ,xⱼ) / (n(n−1)) + Σ_{i≠j} k(yᵢ,yⱼ) / (m(m−1)) − 2 Σ k(xᵢ,yⱼ) / (nm).
double Discrepancy(const ComparedRows& rows, const KernelBlock& kernel, const Request& request);

// Throws Error unless both have 2 rows or more, of one length.
void RequirePairs(const at::Tensor& generated, const at::Tensor& reference);

}  // namespace audioldm
