#include "compute/kl_divergence.h"

#include <ATen/ATen.h>

#include "compute/numeric.h"

namespace audioldm {
namespace {

at::Tensor Divergence(const at::Tensor& log_target, const at::Tensor& generated, double epsilon) {
  return (log_target.exp() * (log_target - (generated + epsilon).log())).sum(1);
}

}  // namespace

Tensors KlDivergence(const Request& request) {
  const at::Tensor generated = FiniteInput(request, 0, "logits_generated", 2);
  const at::Tensor target = FiniteInput(request, 1, "logits_target", 2);
  Require(generated.sizes() == target.sizes(),
          "The inputs 'logits_generated' and 'logits_target' differ in shape.");
  const double epsilon = request.parameters.Number("epsilon");
  Require(epsilon > 0 && epsilon <= 1, "The parameter 'epsilon' is not above 0 and at most 1.");

  const at::Tensor softmax =
      Divergence(at::log_softmax(target, 1), at::softmax(generated, 1), epsilon);
  const at::Tensor sigmoid = Divergence(at::log_sigmoid(target), at::sigmoid(generated), epsilon);
  const at::Tensor result = at::stack({softmax, sigmoid}, 1);
  RequireFinite(result, "The values of the logits are too large for probabilities.");
  return {result};
}

}  // namespace audioldm
