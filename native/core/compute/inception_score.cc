#include "compute/inception_score.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "compute/numeric.h"
#include "compute/numpy_random.h"

namespace audioldm {

Tensors InceptionScore(const Request& request) {
  const at::Tensor logits = FiniteInput(request, 0, "logits", 2);
  const int64_t splits = request.parameters.Integer("splits", 1, int64_t{1} << 31);
  const int64_t seed = request.parameters.Integer("seed", 0, std::numeric_limits<uint32_t>::max());
  const int64_t count = logits.size(0);
  Require(count >= splits, "The input 'logits' has " + std::to_string(count) +
                               " rows, fewer than the " + std::to_string(splits) + " splits.");

  const auto order = NumpyRandom(static_cast<uint32_t>(seed)).Permutation(count);
  const at::Tensor log_p = at::log_softmax(logits, 1).index_select(0, at::tensor(order, at::kLong));
  at::Tensor scores = at::empty({splits}, at::kDouble);
  for (int64_t i = 0; i < splits; ++i) {
    ThrowIfCancelled(request);
    const at::Tensor log_chunk = log_p.slice(0, i * count / splits, (i + 1) * count / splits);
    const at::Tensor chunk = log_chunk.exp();
    // In logarithms throughout: a class whose probabilities underflow adds 0, not 0·∞.
    const at::Tensor log_marginal =
        at::logsumexp(log_chunk, 0, true) - std::log(static_cast<double>(log_chunk.size(0)));
    scores[i] = (chunk * (log_chunk - log_marginal)).sum(1).mean().exp();
  }
  const at::Tensor result = at::stack({scores.mean(), scores.std(/*unbiased=*/false)});
  RequireFinite(result, "The values of 'logits' are too large for probabilities.");
  return {result};
}

}  // namespace audioldm
