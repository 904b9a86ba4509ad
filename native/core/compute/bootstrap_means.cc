#include "compute/bootstrap_means.h"

#include <ATen/ATen.h>

#include "compute/resample.h"

namespace audioldm {

Tensors BootstrapMeans(const Request& request) {
  const at::Tensor values = Input(request, 0, "values", 2).to(at::kDouble);
  const at::Tensor counts =
      ResampledCounts(values.size(0), ReplicatesOf(request, 1), SeedOf(request, "seed"));
  const at::Tensor there = values.isnan().logical_not_();
  const at::Tensor sums = at::matmul(counts, at::where(there, values, 0.0));
  return {sums / at::matmul(counts, there.to(at::kDouble))};
}

}  // namespace audioldm
