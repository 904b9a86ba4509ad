#include "compute/kernel_distance.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "compute/numeric.h"
#include "compute/numpy_random.h"

namespace audioldm {
namespace {

constexpr int64_t kBlockRows = 512;
constexpr int64_t kMostMemberships = int64_t{1} << 24;  // 128 MiB of float64

// Rows of one side and which of them belong to which subset.
struct Side {
  at::Tensor rows;     // [n, d]
  at::Tensor members;  // [subsets, n], 1 or 0
};

at::Tensor Kernel(const at::Tensor& x, const at::Tensor& y) {
  const double gamma = 1.0 / static_cast<double>(x.size(1));
  return at::matmul(x, y.t()).mul_(gamma).add_(1.0).pow_(3);
}

// For every subset, Σ k(xᵢ, yⱼ) over its rows.
at::Tensor SumsBetween(const Side& first, const Side& second, const Request& request) {
  at::Tensor sums = at::zeros({first.members.size(0)}, at::kDouble);
  for (int64_t start = 0; start < first.rows.size(0); start += kBlockRows) {
    ThrowIfCancelled(request);
    const at::Tensor kernel = Kernel(first.rows.slice(0, start, start + kBlockRows), second.rows);
    const at::Tensor members = first.members.slice(1, start, start + kBlockRows);
    sums += (at::matmul(members, kernel) * second.members).sum(1);
  }
  return sums;
}

// For every subset, Σ k(xᵢ, xⱼ) over its pairs i ≠ j: twice those with i < j.
at::Tensor SumsWithin(const Side& side, const Request& request) {
  at::Tensor sums = at::zeros({side.members.size(0)}, at::kDouble);
  for (int64_t start = 0; start < side.rows.size(0); start += kBlockRows) {
    ThrowIfCancelled(request);
    const at::Tensor kernel =
        Kernel(side.rows.slice(0, start, start + kBlockRows), side.rows.slice(0, start)).triu_(1);
    const at::Tensor members = side.members.slice(1, start, start + kBlockRows);
    sums += 2 * (at::matmul(members, kernel) * side.members.slice(1, start)).sum(1);
  }
  return sums;
}

// The discrepancy of every subset, from the rows that were drawn for it.
at::Tensor Discrepancies(const Side& generated, const Side& reference, int64_t size,
                         const Request& request) {
  const double m = static_cast<double>(size);
  const at::Tensor within = SumsWithin(generated, request) + SumsWithin(reference, request);
  return within / (m * (m - 1)) - SumsBetween(generated, reference, request) * (2 / (m * m));
}

// choice(rows, size, replace=False).
at::Tensor Draw(NumpyRandom& random, int64_t rows, int64_t size) {
  const std::vector<int64_t> order = random.Permutation(rows);
  return at::tensor(at::ArrayRef<int64_t>(order).slice(0, size), at::kLong);
}

// One subset takes its rows alone; several share all rows.
Side Select(const at::Tensor& rows, const Tensors& draws) {
  if (draws.size() == 1) {
    return {rows.index_select(0, draws[0]), at::ones({1, draws[0].size(0)}, at::kDouble)};
  }
  const at::Tensor drawn = at::stack(draws);
  return {rows, at::zeros({drawn.size(0), rows.size(0)}, at::kDouble).scatter_(1, drawn, 1.0)};
}

// How many subsets to take at once: as many as fit, when that costs less than one by one.
int64_t SubsetsAtOnce(int64_t subsets, int64_t size, int64_t generated, int64_t reference) {
  const int64_t fit = kMostMemberships / std::max(generated, reference);
  const int64_t together = std::clamp<int64_t>(fit, 1, subsets);
  const double all_rows = static_cast<double>(generated + reference);
  const double subset_rows = 2.0 * static_cast<double>(size);
  return all_rows * all_rows < static_cast<double>(together) * subset_rows * subset_rows ? together
                                                                                         : 1;
}

}  // namespace

Tensors KernelDistance(const Request& request) {
  const at::Tensor generated = FiniteInput(request, 0, "rows_generated", 2);
  const at::Tensor reference = FiniteInput(request, 1, "rows_reference", 2);
  Require(generated.size(1) == reference.size(1),
          "The inputs 'rows_generated' and 'rows_reference' have rows of different lengths.");
  const int64_t subsets = request.parameters.Integer("subsets", 1, 1'000'000);
  const int64_t wanted = request.parameters.Integer("subset_size", 2, int64_t{1} << 31);
  const int64_t seed = request.parameters.Integer("seed", 0, std::numeric_limits<uint32_t>::max());
  const int64_t size = std::min({wanted, generated.size(0), reference.size(0)});
  Require(size >= 2, "The inputs 'rows_generated' and 'rows_reference' need 2 rows each.");

  NumpyRandom random(static_cast<uint32_t>(seed));
  const int64_t step = SubsetsAtOnce(subsets, size, generated.size(0), reference.size(0));
  Tensors discrepancies;
  for (int64_t start = 0; start < subsets; start += step) {
    Tensors draws_generated, draws_reference;
    for (int64_t i = start; i < std::min(start + step, subsets); ++i) {
      draws_generated.push_back(Draw(random, generated.size(0), size));
      draws_reference.push_back(Draw(random, reference.size(0), size));
    }
    discrepancies.push_back(Discrepancies(Select(generated, draws_generated),
                                          Select(reference, draws_reference), size, request));
  }
  const at::Tensor all = at::cat(discrepancies);
  const at::Tensor result = at::stack({all.mean(), all.std(/*unbiased=*/false)});
  RequireFinite(result, "The values of the rows are too large for the kernel.");
  return {result};
}

}  // namespace audioldm
