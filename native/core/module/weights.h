#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "module/mapped_file.h"

namespace audioldm {

// Where a tensor lies: NativeWeight of lib/native/binding.ts. Offset in bytes, strides in elements.
// Nothing in it is trusted.
struct WeightView {
  std::string name;
  size_t file = 0;
  uint64_t offset = 0;
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

// The tensor as a module wants it: on `device`, floats as `dtype`, convolution weights (three
// dimensions and more) laid out channels last; [O, I, K] lies so that unsqueeze(2) is channels
// last.
//
// On the CPU nothing is copied that can be used where it lies: the result then views the mapping,
// keeps it alive and must not be written to. After a copy the kernel may drop the source's pages,
// so loading does not hold weights twice.
//
// Throws Error (kInvalidWeights) naming the tensor when the view leaves its file or makes no sense,
// or when a finite value becomes infinite in `dtype`.
at::Tensor LoadWeight(const WeightView& view, const MappedFiles& files, at::ScalarType dtype,
                      at::Device device);

}  // namespace audioldm
