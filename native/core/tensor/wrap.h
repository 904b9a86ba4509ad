#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace audioldm {

// `values` as if they went round for ever: frames [first, last) of dimension `dim`, whose frame n
// is its frame 0 again. `first` may be negative.
at::Tensor Wrapped(const at::Tensor& values, int64_t dim, int64_t first, int64_t last);

}  // namespace audioldm
