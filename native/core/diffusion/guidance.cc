#include "diffusion/guidance.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace audioldm {

bool Guidance::Doubles(const std::vector<double>& scales) {
  return std::any_of(scales.begin(), scales.end(), [](double scale) { return scale != 1.0; });
}

Guidance::Guidance(const at::Tensor& conditional, const at::Tensor& unconditional,
                   const std::vector<double>& scales) {
  if (!Doubles(scales)) {
    labels_ = conditional;
    return;
  }
  labels_ = at::cat({unconditional, conditional});
  scales_ = at::tensor(at::ArrayRef<double>(scales), at::kFloat)
                .view({-1, 1, 1, 1})
                .to(conditional.device());
}

at::Tensor Guidance::Predict(const UNetFn& unet, const at::Tensor& sample, float timestep) const {
  const at::Tensor input = scales_.defined() ? at::cat({sample, sample}) : sample;
  const at::Tensor timesteps =
      at::full({input.size(0)}, timestep, input.options().dtype(at::kFloat));
  const at::Tensor noise =
      unet(input.contiguous(at::MemoryFormat::ChannelsLast), timesteps, labels_).to(at::kFloat);
  if (!scales_.defined()) return noise;
  const std::vector<at::Tensor> halves = noise.chunk(2);
  return halves[0] + scales_ * (halves[1] - halves[0]);
}

}  // namespace audioldm
