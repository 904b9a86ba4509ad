#include "compute/merge_statistics.h"

#include "compute/gaussian.h"

namespace audioldm {

Tensors MergeStatistics(const Request& request) {
  const Gaussian first = GaussianInput(request, 0, "mean1", "factor1", "count1", 1);
  const Gaussian second = GaussianInput(request, 2, "mean2", "factor2", "count2", 1);
  RequireSameColumns(first, second);
  const Gaussian merged = Merge(first, second);
  return {merged.mean, merged.factor};
}

}  // namespace audioldm
