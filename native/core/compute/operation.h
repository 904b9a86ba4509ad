#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace audioldm {

using Tensors = std::vector<at::Tensor>;

// The named numbers of a request. Every member throws Error (kEngineFailed) that names the
// parameter when it is missing or out of range.
class Parameters {
 public:
  explicit Parameters(std::map<std::string, double> values) : values_(std::move(values)) {}

  double Number(const char* name) const;  // finite
  int64_t Integer(const char* name, int64_t min, int64_t max) const;

 private:
  std::map<std::string, double> values_;
};

// What an operation gets: tensors on the CPU, not to be written to.
struct Request {
  const Tensors& inputs;
  const Parameters& parameters;
  // Asked between the longer pieces of an operation, which throws Aborted when it says true.
  std::function<bool()> cancelled;
};

// A named computation on tensors, run on the thread of a NativeCompute (lib/native/binding.ts). Its
// header states shapes, parameters and results; unless it says otherwise it takes float32 and
// float64, computes in float64 and gives float64. Throws Error (kEngineFailed) naming the input or
// parameter that it cannot take.
using Operation = Tensors (*)(const Request& request);

// Input `index`, called `name` in messages, with `dimensions` dimensions, none of them empty, of a
// floating type.
const at::Tensor& Input(const Request& request, size_t index, const char* name, int64_t dimensions);

// Throws Error (kEngineFailed) with the message unless the condition holds.
void Require(bool condition, const std::string& message);

void ThrowIfCancelled(const Request& request);

}  // namespace audioldm
