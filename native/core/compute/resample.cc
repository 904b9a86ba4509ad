#include "compute/resample.h"

#include <ATen/ATen.h>

#include <limits>

#include "compute/numeric.h"
#include "compute/numpy_random.h"

namespace audioldm {

at::Tensor ResampledCounts(int64_t count, int64_t replicates, uint32_t seed) {
  at::Tensor counts = at::zeros({replicates, count}, at::kDouble);
  NumpyRandom random(seed);
  double* row = counts.data_ptr<double>();
  for (int64_t i = 0; i < replicates; ++i, row += count) {
    for (const int64_t clip : random.Integers(count, count)) ++row[clip];
  }
  return counts;
}

uint32_t SeedOf(const Request& request, const char* name) {
  return static_cast<uint32_t>(
      request.parameters.Integer(name, 0, std::numeric_limits<uint32_t>::max()));
}

int64_t ReplicatesOf(const Request& request, int64_t min) {
  return request.parameters.Integer("replicates", min, 1'000'000);
}

at::Tensor ClipOfRow(const Request& request, size_t index, const char* name, int64_t rows) {
  const at::Tensor counts = FiniteInput(request, index, name, 1).to(at::kLong);
  Require(counts.min().item<int64_t>() >= 0 && counts.sum().item<int64_t>() == rows,
          std::string("The input '") + name + "' does not say whose the " + std::to_string(rows) +
              " rows are.");
  return at::repeat_interleave(counts);
}

}  // namespace audioldm
