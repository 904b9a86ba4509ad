#include "compute/discrepancy.h"

#include <ATen/ATen.h>

namespace audioldm {
namespace {

// Of k(xᵢ, xⱼ) over the pairs i ≠ j.
double MeanWithin(const RowBlocks& rows, const KernelBlock& kernel, const Request& request) {
  double sum = 0;
  ForEachBlockPair(rows, request,
                   [&](int64_t i, int64_t j, const at::Tensor& x, const at::Tensor& y) {
                     at::Tensor block = kernel(x, y);
                     if (i == j) block.fill_diagonal_(0);
                     sum += (i == j ? 1 : 2) * block.sum().item<double>();
                   });
  const double count = static_cast<double>(rows.count());
  return sum / (count * (count - 1));
}

double MeanBetween(const RowBlocks& first, const RowBlocks& second, const KernelBlock& kernel,
                   const Request& request) {
  double sum = 0;
  ForEachBlockPair(first, second, request,
                   [&](int64_t, int64_t, const at::Tensor& x, const at::Tensor& y) {
                     sum += kernel(x, y).sum().item<double>();
                   });
  return sum / (static_cast<double>(first.count()) * static_cast<double>(second.count()));
}

}  // namespace

double Discrepancy(const ComparedRows& rows, const KernelBlock& kernel, const Request& request) {
  return MeanWithin(rows.generated, kernel, request) + MeanWithin(rows.reference, kernel, request) -
         2 * MeanBetween(rows.generated_beside_reference, rows.reference, kernel, request);
}

void RequirePairs(const at::Tensor& generated, const at::Tensor& reference) {
  Require(generated.size(1) == reference.size(1),
          "The inputs 'rows_generated' and 'rows_reference' have rows of different lengths.");
  Require(generated.size(0) >= 2 && reference.size(0) >= 2,
          "The inputs 'rows_generated' and 'rows_reference' need 2 rows each.");
}

}  // namespace audioldm
