#include "compute/frechet_infinity.h"

#include <ATen/ATen.h>

#include <limits>
#include <numeric>

#include "compute/frechet_distance.h"
#include "compute/gaussian.h"
#include "compute/numeric.h"
#include "compute/numpy_random.h"

namespace audioldm {
namespace {

// numpy.linspace(smallest, largest, steps), each rounded down.
std::vector<int64_t> Sizes(int64_t smallest, int64_t largest, int64_t steps) {
  const double step = static_cast<double>(largest - smallest) / static_cast<double>(steps - 1);
  std::vector<int64_t> sizes(steps);
  for (int64_t i = 0; i < steps; ++i) {
    sizes[i] = static_cast<int64_t>(static_cast<double>(smallest) + static_cast<double>(i) * step);
  }
  sizes.back() = largest;
  return sizes;
}

struct Line {
  double intercept;
  double slope;
  double r_squared;
};

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Least squares.
Line Fit(const std::vector<double>& x, const std::vector<double>& y) {
  const double mean_x = MeanOf(x);
  const double mean_y = MeanOf(y);
  double xx = 0, xy = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  const double slope = xy / xx;
  const double intercept = mean_y - slope * mean_x;
  double residual = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double error = y[i] - (slope * x[i] + intercept);
    residual += error * error;
  }
  return {intercept, slope, yy == 0 ? 1 : 1 - residual / yy};
}

}  // namespace

Tensors FrechetInfinity(const Request& request) {
  const at::Tensor& rows = FiniteInputUnconverted(request, 0, "rows_generated", 2);
  const Gaussian reference =
      GaussianInput(request, 1, "mean_reference", "factor_reference", "count_reference", 2);
  Require(rows.size(1) == reference.mean.size(0),
          "The input 'rows_generated' has rows of " + std::to_string(rows.size(1)) +
              " values, the reference of " + std::to_string(reference.mean.size(0)) + ".");
  const int64_t steps = request.parameters.Integer("steps", 2, 10'000);
  const int64_t smallest = request.parameters.Integer("min_size", 2, int64_t{1} << 31);
  const int64_t seed = request.parameters.Integer("seed", 0, std::numeric_limits<uint32_t>::max());
  const int64_t count = rows.size(0);
  Require(count > smallest, "The input 'rows_generated' has " + std::to_string(count) +
                                " rows; an extrapolation needs more than min_size, " +
                                std::to_string(smallest) + ".");

  const auto check = [&] { ThrowIfCancelled(request); };
  NumpyRandom random(static_cast<uint32_t>(seed));
  std::vector<double> inverse_sizes, distances;
  for (const int64_t size : Sizes(smallest, count, steps)) {
    const at::Tensor drawn = at::tensor(random.Integers(count, size), at::kLong);
    const Gaussian sample = FitGaussian(rows.index_select(0, drawn), check);
    inverse_sizes.push_back(1.0 / static_cast<double>(size));
    distances.push_back(FrechetBetween(sample, reference, check).distance);
  }
  const Line line = Fit(inverse_sizes, distances);
  return {at::tensor({line.intercept, line.slope, line.r_squared, static_cast<double>(count)},
                     at::kDouble)};
}

}  // namespace audioldm
