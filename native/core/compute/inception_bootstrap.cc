#include "compute/inception_bootstrap.h"

#include <ATen/ATen.h>

#include "compute/numeric.h"
#include "compute/numpy_random.h"
#include "compute/resample.h"

namespace audioldm {

Tensors InceptionBootstrap(const Request& request) {
  const at::Tensor logits = FiniteInput(request, 0, "logits", 2);
  const int64_t count = logits.size(0);
  const int64_t splits = request.parameters.Integer("splits", 1, count);
  const int64_t replicates = ReplicatesOf(request, 1);
  NumpyRandom random(SeedOf(request, "seed"));
  std::vector<int64_t> draws;
  for (int64_t i = 0; i < replicates; ++i) {
    const std::vector<int64_t> sample = random.Integers(count, count);
    draws.insert(draws.end(), sample.begin(), sample.end());
  }

  const at::Tensor log_p = at::log_softmax(logits, 1);
  const at::Tensor p = log_p.exp();
  const at::Tensor negative_entropies = (p * log_p).sum(1, true);
  const at::Tensor samples = at::tensor(draws, at::kLong).view({replicates, count});
  at::Tensor scores = at::zeros({replicates}, at::kDouble);
  for (int64_t i = 0; i < splits; ++i) {
    ThrowIfCancelled(request);
    const at::Tensor chunk = samples.slice(1, i * count / splits, (i + 1) * count / splits);
    const double share = 1.0 / static_cast<double>(chunk.size(1));
    const at::Tensor weights =
        at::zeros({replicates, count}, at::kDouble)
            .scatter_add_(1, chunk, at::full(chunk.sizes(), share, at::kDouble));
    const at::Tensor marginal = at::matmul(weights, p);
    const at::Tensor information =
        at::matmul(weights, negative_entropies).squeeze(1) - at::xlogy(marginal, marginal).sum(1);
    scores += information.exp();
  }
  return {scores / static_cast<double>(splits)};
}

}  // namespace audioldm
