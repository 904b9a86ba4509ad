#include "tensor/wrap.h"

#include <ATen/ATen.h>

namespace audioldm {

at::Tensor Wrapped(const at::Tensor& values, int64_t dim, int64_t first, int64_t last) {
  const at::Tensor frames =
      at::arange(first, last, at::TensorOptions(at::kLong).device(values.device()));
  return values.index_select(dim, frames.remainder(values.size(dim)));
}

}  // namespace audioldm
