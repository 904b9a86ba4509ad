#include "compute/numeric.h"

#include <ATen/ATen.h>

#include <cmath>

namespace audioldm {
namespace {

// The smallest and the largest value are NaN when any value is.
bool AllFinite(const at::Tensor& values) {
  const auto [smallest, largest] = at::aminmax(values);
  return std::isfinite(smallest.item<double>()) && std::isfinite(largest.item<double>());
}

}  // namespace

const at::Tensor& FiniteInputUnconverted(const Request& request, size_t index, const char* name,
                                         int64_t dimensions) {
  const at::Tensor& tensor = Input(request, index, name, dimensions);
  Require(AllFinite(tensor),
          std::string("The input '") + name + "' holds values that are not finite.");
  return tensor;
}

at::Tensor FiniteInput(const Request& request, size_t index, const char* name, int64_t dimensions) {
  return FiniteInputUnconverted(request, index, name, dimensions).to(at::kDouble).contiguous();
}

void RequireFinite(const at::Tensor& result, const char* message) {
  Require(AllFinite(result), message);
}

double Count(const Request& request, const char* name, int64_t min) {
  constexpr int64_t kLargestExact = int64_t{1} << 53;
  return static_cast<double>(request.parameters.Integer(name, min, kLargestExact));
}

}  // namespace audioldm
