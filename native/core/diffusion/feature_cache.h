#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace audioldm {

// The UNet over the steps of a run, whole at every n-th of them; between, from the deep features of
// the last whole one (CutUNet). A step may call it several times, for different windows, and always
// in the same order: each has deep features of its own.
class FeatureCache {
 public:
  // Sample [B, C, T, F], timestep [B], class labels [B, E] → noise and deep features.
  using WholeFn = std::function<std::pair<at::Tensor, at::Tensor>(
      const at::Tensor&, const at::Tensor&, const at::Tensor&)>;
  // The same, and deep features → noise.
  using ShallowFn = std::function<at::Tensor(const at::Tensor&, const at::Tensor&,
                                             const at::Tensor&, const at::Tensor&)>;

  // `every`: n, 1 or more.
  FeatureCache(int64_t every, WholeFn whole, ShallowFn shallow);

  // Before each step, the first included.
  void NextStep();

  // A UNetFn. Whole, too, where the last call of this place in a step had another batch, as where
  // guidance begins or ends.
  at::Tensor operator()(const at::Tensor& sample, const at::Tensor& timestep,
                        const at::Tensor& labels);

 private:
  int64_t every_;
  WholeFn whole_;
  ShallowFn shallow_;
  int64_t step_ = -1;
  size_t call_ = 0;               // of this step
  std::vector<at::Tensor> deep_;  // by call
};

}  // namespace audioldm
