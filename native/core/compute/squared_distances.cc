#include "compute/squared_distances.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <array>
#include <cmath>

#include "compute/operation.h"

namespace audioldm {
namespace {

constexpr double kCloseness = 0.01;

double FromDifferences(const double* x, const double* y, int64_t size) {
  constexpr int64_t kLanes = 8;  // sums that a compiler may keep in vectors
  std::array<double, kLanes> sums{};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const double difference = x[i + lane] - y[i + lane];
      sums[lane] += difference * difference;
    }
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  for (; i < size; ++i) total += (x[i] - y[i]) * (x[i] - y[i]);
  return total;
}

}  // namespace

at::Tensor SquaredDistances(const at::Tensor& x, const at::Tensor& y) {
  const at::Tensor x_norms = x.square().sum(1);
  const at::Tensor y_norms = y.square().sum(1);
  // Twice a product of two rows is no larger than the sum of their norms.
  const double largest = x_norms.max().item<double>() + y_norms.max().item<double>();
  Require(std::isfinite(2 * largest), "The values of the rows are too large for their distances.");
  at::Tensor distances = at::matmul(x, y.t());
  const int64_t columns = y.size(0);
  const int64_t size = x.size(1);
  const double* x_norm = x_norms.const_data_ptr<double>();
  const double* y_norm = y_norms.const_data_ptr<double>();
  const double* x_rows = x.const_data_ptr<double>();
  const double* y_rows = y.const_data_ptr<double>();
  double* values = distances.data_ptr<double>();
  at::parallel_for(0, x.size(0), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        double& value = values[i * columns + j];
        const double norms = x_norm[i] + y_norm[j];
        value = norms - 2 * value;
        if (value < kCloseness * norms) {
          value = FromDifferences(x_rows + i * size, y_rows + j * size, size);
        }
      }
    }
  });
  return distances;
}

}  // namespace audioldm
