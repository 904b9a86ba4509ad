#include "compute/vggish_postprocess.h"

#include <ATen/ATen.h>

#include "compute/numeric.h"

namespace audioldm {

Tensors VggishPostprocess(const Request& request) {
  constexpr double kLimit = 2.0;
  constexpr double kLevels = 255.0;
  const at::Tensor rows = FiniteInput(request, 0, "rows", 2);
  const at::Tensor eigen_vectors = FiniteInput(request, 1, "eigen_vectors", 2);
  const at::Tensor means = FiniteInput(request, 2, "means", 1);
  const int64_t size = rows.size(1);
  Require(eigen_vectors.size(0) == size && eigen_vectors.size(1) == size,
          "The input 'eigen_vectors' is not square with the length of a row, " +
              std::to_string(size) + ".");
  Require(means.size(0) == size,
          "The input 'means' does not have the length of a row, " + std::to_string(size) + ".");
  const at::Tensor whitened = at::matmul(rows - means, eigen_vectors.t());
  RequireFinite(whitened, "The values of 'rows' are too large to be whitened.");
  return {((whitened.clamp(-kLimit, kLimit) + kLimit) * (kLevels / (2 * kLimit))).round()};
}

}  // namespace audioldm
