#include "compute/kernel_bootstrap.h"

#include <ATen/ATen.h>

#include <cmath>

#include "compute/discrepancy.h"
#include "compute/numeric.h"
#include "compute/resample.h"

namespace audioldm {

Tensors KernelBootstrap(const Request& request) {
  const at::Tensor& generated = FiniteInputUnconverted(request, 0, "rows_generated", 2);
  const at::Tensor& reference = FiniteInputUnconverted(request, 1, "rows_reference", 2);
  RequirePairs(generated, reference);
  ReplicatesOf(request, 1);
  const double gamma = 1.0 / static_cast<double>(generated.size(1));
  const KernelBlock kernel = [gamma](const at::Tensor& x, const at::Tensor& y) {
    return at::matmul(x, y.t()).mul_(gamma).add_(1.0).pow_(3);
  };
  const RowBlocks rows(generated);
  const auto [value, by_row, deviations] =
      Discrepancy({rows, rows, RowBlocks(reference)}, kernel,
                  ResampledInput(request, 2, generated.size(0), reference.size(0)), request);
  Require(std::isfinite(value), "The values of the rows are too large for the kernel.");
  return {at::full({1}, value, at::kDouble), deviations};
}

}  // namespace audioldm
