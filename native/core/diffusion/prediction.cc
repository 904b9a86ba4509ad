#include "diffusion/prediction.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tensor/error.h"

namespace audioldm {
namespace {

// Of one call of the UNet, unless there are more clips than that.
constexpr int64_t kClipsPerCall = 4;

}  // namespace

Prediction::Prediction(UNetFn unet, Condition condition, Windows windows,
                       std::function<bool()> cancelled)
    : unet_(std::move(unet)),
      condition_(std::move(condition)),
      windows_(windows),
      cancelled_(std::move(cancelled)) {}

at::Tensor Prediction::Predict(const at::Tensor& sample, float timestep) const {
  const std::vector<double> of_clips = condition_.ScalesAt(timestep);
  const auto clips = static_cast<int64_t>(of_clips.size());
  const int64_t together = std::max<int64_t>(1, kClipsPerCall / clips);
  const auto call = [&](int64_t first, int64_t last) {
    std::vector<at::Tensor> samples, conditional, unconditional;
    std::vector<double> scales;
    for (int64_t k = first; k < last; ++k) {
      samples.push_back(sample.narrow(2, windows_.start(k), windows_.frames()));
      conditional.push_back(condition_.In(k));
      unconditional.push_back(condition_.unconditional);
      scales.insert(scales.end(), of_clips.begin(), of_clips.end());
    }
    const Guidance guidance(
        at::cat(conditional),
        condition_.unconditional.defined() ? at::cat(unconditional) : condition_.unconditional,
        scales);
    return guidance.Predict(unet_, at::cat(samples), timestep);
  };
  if (windows_.count() == 1) return call(0, 1);

  Blend blend(windows_);
  for (int64_t first = 0; first < windows_.count(); first += together) {
    if (first > 0 && cancelled_()) throw Aborted();
    const int64_t last = std::min(windows_.count(), first + together);
    const std::vector<at::Tensor> noises = call(first, last).split(clips);
    for (int64_t k = first; k < last; ++k) blend.Add(k, noises[k - first]);
  }
  return blend.Sum();
}

}  // namespace audioldm
