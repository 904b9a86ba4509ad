#include "compute/discrepancy.h"

#include <ATen/ATen.h>

#include "compute/resample.h"

namespace audioldm {
namespace {

// Sums of a kernel over pairs of rows: by the first row, by the second, and, for every replicate,
// over all with the product of their weights.
struct KernelSums {
  at::Tensor by_first;
  at::Tensor by_second;
  at::Tensor weighted;
};

at::Tensor Weighted(const at::Tensor& block, const at::Tensor& first, const at::Tensor& second) {
  return (at::matmul(first, block) * second).sum(1);
}

at::Tensor Columns(const at::Tensor& weights, int64_t start) {
  return weights.slice(1, start, start + RowBlocks::kRows);
}

KernelSums KernelSumsBetween(const RowBlocks& first, const RowBlocks& second,
                             const KernelBlock& kernel, const Resampled& resampled,
                             const Request& request) {
  KernelSums sums{at::zeros({first.count()}, at::kDouble), at::zeros({second.count()}, at::kDouble),
                  at::Tensor()};
  const bool replicates = resampled.generated.defined();
  if (replicates) sums.weighted = at::zeros({resampled.generated.size(0)}, at::kDouble);
  ForEachBlockPair(
      first, second, request, [&](int64_t i, int64_t j, const at::Tensor& x, const at::Tensor& y) {
        const at::Tensor block = kernel(x, y);
        sums.by_first.slice(0, i, i + x.size(0)) += block.sum(1);
        sums.by_second.slice(0, j, j + y.size(0)) += block.sum(0);
        if (!replicates) return;
        sums.weighted +=
            Weighted(block, Columns(resampled.generated, i), Columns(resampled.reference, j));
      });
  return sums;
}

// Of the pairs i ≠ j of one set, in both orders.
KernelSums KernelSumsWithin(const RowBlocks& rows, const KernelBlock& kernel,
                            const at::Tensor& weights, const Request& request) {
  at::Tensor by_row = at::zeros({rows.count()}, at::kDouble);
  at::Tensor weighted;
  if (weights.defined()) weighted = at::zeros({weights.size(0)}, at::kDouble);
  ForEachBlockPair(
      rows, request, [&](int64_t i, int64_t j, const at::Tensor& x, const at::Tensor& y) {
        at::Tensor block = kernel(x, y);
        if (i == j) block.fill_diagonal_(0);
        by_row.slice(0, i, i + x.size(0)) += block.sum(1);
        if (i != j) by_row.slice(0, j, j + y.size(0)) += block.sum(0);
        if (!weights.defined()) return;
        weighted += (i == j ? 1 : 2) * Weighted(block, Columns(weights, i), Columns(weights, j));
      });
  return {by_row, by_row, weighted};
}

// Σ_{i≠j} wᵢwⱼ (kᵢⱼ − aᵢ − aⱼ + ā), where a are the means over the other rows.
at::Tensor SecondWithin(const at::Tensor& weighted, const at::Tensor& means,
                        const at::Tensor& weights) {
  const at::Tensor sum = weights.sum(1);
  const at::Tensor squares = weights.square();
  const at::Tensor by_means = at::mv(weights, means) * sum - at::mv(squares, means);
  return weighted - 2 * by_means + means.mean() * (sum.square() - squares.sum(1));
}

// Σ wᵢvⱼ (kᵢⱼ − bᵢ − b′ⱼ + b̄).
at::Tensor SecondBetween(const KernelSums& sums, const at::Tensor& first_means,
                         const at::Tensor& second_means, const Resampled& weights) {
  const at::Tensor first = weights.generated.sum(1);
  const at::Tensor second = weights.reference.sum(1);
  return sums.weighted - second * at::mv(weights.generated, first_means) -
         first * at::mv(weights.reference, second_means) + first_means.mean() * first * second;
}

at::Tensor FirstOf(const at::Tensor& weights, const at::Tensor& within, const at::Tensor& between) {
  const at::Tensor parts = 2 * (within - between);
  return at::mv(weights, parts - parts.mean()) / static_cast<double>(parts.size(0));
}

}  // namespace

DiscrepancyOf Discrepancy(const ComparedRows& rows, const KernelBlock& kernel,
                          const Resampled& resampled, const Request& request) {
  const double n = static_cast<double>(rows.generated.count());
  const double m = static_cast<double>(rows.reference.count());
  const KernelSums x = KernelSumsWithin(rows.generated, kernel, resampled.generated, request);
  const KernelSums y = KernelSumsWithin(rows.reference, kernel, resampled.reference, request);
  const KernelSums xy = KernelSumsBetween(rows.generated_beside_reference, rows.reference, kernel,
                                          resampled, request);
  const at::Tensor x_means = x.by_first / (n - 1);
  const at::Tensor y_means = y.by_first / (m - 1);
  const at::Tensor xy_means = xy.by_first / m;
  const at::Tensor yx_means = xy.by_second / n;
  const double value = (x_means.mean() + y_means.mean() - 2 * xy_means.mean()).item<double>();
  const at::Tensor by_row = x_means - 2 * xy_means + y_means.mean();
  if (!resampled.generated.defined()) return {value, by_row, {}};
  const at::Tensor first = FirstOf(resampled.generated, x_means, xy_means) +
                           FirstOf(resampled.reference, y_means, yx_means);
  const at::Tensor second = SecondWithin(x.weighted, x_means, resampled.generated) / (n * (n - 1)) +
                            SecondWithin(y.weighted, y_means, resampled.reference) / (m * (m - 1)) -
                            2 * SecondBetween(xy, xy_means, yx_means, resampled) / (n * m);
  return {value, by_row, at::stack({first, second}, 1)};
}

Resampled ResampledInput(const Request& request, size_t first_index, int64_t rows_generated,
                         int64_t rows_reference) {
  const int64_t replicates = ReplicatesOf(request, 0);
  if (replicates == 0) return {};
  const auto weights = [&](size_t index, const char* name, const char* seed, int64_t rows) {
    const at::Tensor clip_of_row = ClipOfRow(request, index, name, rows);
    const int64_t clips = request.inputs[index].size(0);
    const at::Tensor counts = ResampledCounts(clips, replicates, SeedOf(request, seed)).sub_(1);
    return clips == rows ? counts : counts.index_select(1, clip_of_row);
  };
  return {weights(first_index, "rows_of_clips_generated", "seed_generated", rows_generated),
          weights(first_index + 1, "rows_of_clips_reference", "seed_reference", rows_reference)};
}

void RequirePairs(const at::Tensor& generated, const at::Tensor& reference) {
  Require(generated.size(1) == reference.size(1),
          "The inputs 'rows_generated' and 'rows_reference' have rows of different lengths.");
  Require(generated.size(0) >= 2 && reference.size(0) >= 2,
          "The inputs 'rows_generated' and 'rows_reference' need 2 rows each.");
}

}  // namespace audioldm
