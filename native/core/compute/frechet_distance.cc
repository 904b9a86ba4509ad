#include "compute/frechet_distance.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "compute/numeric.h"

namespace audioldm {
namespace {

constexpr const char* kProductTooLarge =
    "The values of the factors are too large for their product.";

double SumOfSquares(const at::Tensor& values) { return values.square().sum().item<double>(); }

// Sum of the singular values of F₁F₂ᵀ. When both factors have more rows than columns the product
// would be larger than needed: its shorter side becomes d. (LAPACK reduces the longer side itself.)
double NuclearNorm(at::Tensor first, at::Tensor second) {
  if (first.size(0) > second.size(0)) std::swap(first, second);
  if (first.size(0) > first.size(1)) first = Compress(first);
  const at::Tensor product = at::matmul(first, second.t());
  RequireFinite(product, kProductTooLarge);
  return at::linalg_svdvals(product).sum().item<double>();
}

}  // namespace

FrechetTerms FrechetBetween(const Gaussian& first, const Gaussian& second,
                            const std::function<void()>& check) {
  check();
  FrechetTerms terms;
  terms.mean_term = SumOfSquares(first.mean - second.mean);
  terms.trace1 = SumOfSquares(first.factor) / (first.count - 1);
  terms.trace2 = SumOfSquares(second.factor) / (second.count - 1);
  terms.root_trace =
      NuclearNorm(first.factor, second.factor) / std::sqrt((first.count - 1) * (second.count - 1));
  const double sum = terms.mean_term + terms.trace1 + terms.trace2;
  Require(std::isfinite(sum) && std::isfinite(terms.root_trace), kProductTooLarge);
  const double distance = terms.mean_term + (terms.trace1 + terms.trace2 - 2 * terms.root_trace);
  Require(distance >= -1e-9 * sum, "LAPACK gave singular values that cannot be right.");
  terms.distance = std::max(distance, 0.0);
  return terms;
}

Tensors FrechetDistance(const Request& request) {
  const Gaussian first = GaussianInput(request, 0, "mean1", "factor1", "count1", 2);
  const Gaussian second = GaussianInput(request, 2, "mean2", "factor2", "count2", 2);
  RequireSameColumns(first, second);
  const FrechetTerms terms = FrechetBetween(first, second, [&] { ThrowIfCancelled(request); });
  return {
      at::tensor({terms.distance, terms.mean_term, terms.trace1, terms.trace2, terms.root_trace},
                 at::kDouble)};
}

}  // namespace audioldm
