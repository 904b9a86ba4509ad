#include "compute/gaussian.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "compute/numeric.h"

namespace audioldm {
namespace {

constexpr const char* kCovarianceTooLarge =
    "The values of the rows are too large for a covariance.";

// Rows per piece: enough that the d rows carried from piece to piece cost little.
int64_t PieceRows(int64_t columns) { return std::max<int64_t>(4096, 4 * columns); }

// Calls visit(piece as float64) for consecutive pieces of the rows.
void ForEachPiece(const at::Tensor& rows, const std::function<void()>& check,
                  const std::function<void(const at::Tensor&)>& visit) {
  const int64_t step = PieceRows(rows.size(1));
  for (int64_t start = 0; start < rows.size(0); start += step) {
    check();
    visit(rows.narrow(0, start, std::min(step, rows.size(0) - start)).to(at::kDouble));
  }
}

// A mean in two parts, so that rows far from zero are centred as well as rows close to it.
struct Mean {
  at::Tensor rounded;
  at::Tensor rest;  // what `rounded` leaves
};

Mean MeanRow(const at::Tensor& rows, const std::function<void()>& check) {
  const double count = static_cast<double>(rows.size(0));
  Mean mean{at::zeros({rows.size(1)}, at::kDouble), at::zeros({rows.size(1)}, at::kDouble)};
  for (int pass = 0; pass < 2; ++pass) {
    mean.rounded += mean.rest;
    mean.rest.zero_();
    ForEachPiece(rows, check,
                 [&](const at::Tensor& piece) { mean.rest += (piece - mean.rounded).sum(0); });
    mean.rest /= count;
  }
  return mean;
}

}  // namespace

Gaussian FitGaussian(const at::Tensor& rows, const std::function<void()>& check) {
  const int64_t columns = rows.size(1);
  const Mean mean = MeanRow(rows, check);
  RequireFinite(mean.rest, kCovarianceTooLarge);
  at::Tensor factor = at::empty({0, columns}, at::kDouble);
  ForEachPiece(rows, check, [&](const at::Tensor& piece) {
    const at::Tensor stacked = at::cat({factor, (piece - mean.rounded).sub_(mean.rest)});
    factor = rows.size(0) > 2 * columns && stacked.size(0) > columns ? Compress(stacked) : stacked;
  });
  RequireFinite(factor, kCovarianceTooLarge);
  return {static_cast<double>(rows.size(0)), mean.rounded + mean.rest, factor};
}

Gaussian Merge(const Gaussian& first, const Gaussian& second) {
  const double count = first.count + second.count;
  const at::Tensor apart = second.mean - first.mean;
  // Σ over the union = Σ₁ + Σ₂ + n₁n₂/(n₁+n₂)·(μ₂−μ₁)(μ₂−μ₁)ᵀ.
  const double weight = std::sqrt(first.count * (second.count / count));
  const at::Tensor mean = first.mean + apart * (second.count / count);
  at::Tensor factor = at::cat({first.factor, second.factor, (apart * weight).unsqueeze(0)});
  if (factor.size(0) > 2 * factor.size(1)) factor = Compress(factor);
  RequireFinite(factor, kCovarianceTooLarge);
  return {count, mean, factor};
}

at::Tensor Compress(const at::Tensor& factor) {
  return std::get<1>(at::linalg_qr(factor, "r")).contiguous();
}

Gaussian GaussianInput(const Request& request, size_t index, const char* mean, const char* factor,
                       const char* count, int64_t min_count) {
  Gaussian gaussian{Count(request, count, min_count), FiniteInput(request, index, mean, 1),
                    FiniteInput(request, index + 1, factor, 2)};
  Require(gaussian.factor.size(1) == gaussian.mean.size(0),
          std::string("The input '") + factor + "' has " + std::to_string(gaussian.factor.size(1)) +
              " columns and '" + mean + "' has " + std::to_string(gaussian.mean.size(0)) + ".");
  return gaussian;
}

void RequireSameColumns(const Gaussian& first, const Gaussian& second) {
  Require(first.mean.size(0) == second.mean.size(0),
          "One set has rows of " + std::to_string(first.mean.size(0)) + " values, the other of " +
              std::to_string(second.mean.size(0)) + ".");
}

}  // namespace audioldm
