#include "compute/statistics.h"

#include "compute/gaussian.h"
#include "compute/numeric.h"

namespace audioldm {

Tensors Statistics(const Request& request) {
  const at::Tensor& rows = FiniteInputUnconverted(request, 0, "rows", 2);
  const Gaussian gaussian = FitGaussian(rows, [&] { ThrowIfCancelled(request); });
  return {gaussian.mean, gaussian.factor};
}

}  // namespace audioldm
