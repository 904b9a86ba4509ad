#include "compute/covariance.h"

#include <ATen/ATen.h>

#include "compute/numeric.h"

namespace audioldm {

Tensors Covariance(const Request& request) {
  const at::Tensor factor = FiniteInput(request, 0, "factor", 2);
  const double count = Count(request, "count", 2);
  const at::Tensor covariance = at::matmul(factor.t(), factor) / (count - 1);
  RequireFinite(covariance, "The values of 'factor' are too large for a covariance.");
  return {covariance};
}

}  // namespace audioldm
