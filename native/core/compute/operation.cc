#include "compute/operation.h"

#include <cmath>

#include "tensor/error.h"

namespace audioldm {

double Parameters::Number(const char* name) const {
  const auto found = values_.find(name);
  Require(found != values_.end(), std::string("The parameter '") + name + "' is missing.");
  Require(std::isfinite(found->second), std::string("The parameter '") + name + "' is not finite.");
  return found->second;
}

int64_t Parameters::Integer(const char* name, int64_t min, int64_t max) const {
  const double value = Number(name);
  Require(std::floor(value) == value && value >= static_cast<double>(min) &&
              value <= static_cast<double>(max),
          std::string("The parameter '") + name + "' is not a whole number from " +
              std::to_string(min) + " to " + std::to_string(max) + ".");
  return static_cast<int64_t>(value);
}

const at::Tensor& Input(const Request& request, size_t index, const char* name,
                        int64_t dimensions) {
  const std::string label = std::string("The input '") + name + "'";
  Require(index < request.inputs.size(), label + " is missing.");
  const at::Tensor& tensor = request.inputs[index];
  Require(tensor.is_floating_point() && tensor.is_cpu(), label + " is not of floats on the CPU.");
  Require(tensor.dim() == dimensions,
          label + " does not have " + std::to_string(dimensions) + " dimensions.");
  Require(tensor.numel() > 0, label + " is empty.");
  return tensor;
}

void Require(bool condition, const std::string& message) {
  if (!condition) throw Error(ErrorCode::kEngineFailed, message);
}

void ThrowIfCancelled(const Request& request) {
  if (request.cancelled && request.cancelled()) throw Aborted();
}

}  // namespace audioldm
