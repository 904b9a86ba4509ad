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

// How a module wants its weights.
struct WeightPlacement {
  at::Device device = at::Device(at::kCPU);
  at::ScalarType dtype = at::kFloat;  // of floats; other tensors keep theirs
  // Lay convolution weights (three dimensions and more) out channels last; [O, I, K] then lies so
  // that unsqueeze(2) is channels last. Otherwise, and for all other weights: row-major. What
  // libtorch's own convolutions want, but in vain where weights are prepacked (UseCpuKernels).
  bool channels_last = false;
};

// The tensor as the module wants it.
//
// On the CPU nothing is copied that can be used where it lies: the result then views the mapping,
// keeps it alive and must not be written to. Once a view, or the source of a copy, is released the
// kernel may drop its pages, so weights that are copied or packed are not resident twice.
//
// Throws Error (kInvalidWeights) naming the tensor when the view leaves its file or makes no sense,
// or when a finite value becomes infinite in the dtype.
at::Tensor LoadWeight(const WeightView& view, const MappedFiles& files,
                      const WeightPlacement& placement);

}  // namespace audioldm
