#include "diffusion/source.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tensor/error.h"

namespace audioldm {
namespace {

// `given` as float32 on the device, or zeros where there is none.
at::Tensor Expect(const at::Tensor& given, at::IntArrayRef shape, at::Device device,
                  const char* name) {
  if (!given.defined()) return at::zeros(shape, at::TensorOptions(device).dtype(at::kFloat));
  if (given.sizes() != shape) {
    throw Error(ErrorCode::kEngineFailed, std::string("A clip's ") + name + " is " +
                                              c10::str(given.sizes()) + "; it must be " +
                                              c10::str(shape) + ".");
  }
  return given.to(device, at::kFloat);
}

}  // namespace

at::Tensor Source::Keep(const at::Tensor& known, const at::Tensor& latents) const {
  return mask.defined() ? mask * known + (1 - mask) * latents : latents;
}

Source SourceOf(const GenerateRequest& request, at::IntArrayRef clip_shape, at::Device device) {
  const std::vector<ClipRequest>& clips = request.clips;
  const int64_t steps = request.scheduler_config.steps;
  if (request.first_step < 0 || request.first_step > steps) {
    throw Error(ErrorCode::kEngineFailed, "The first diffusion step is " +
                                              std::to_string(request.first_step) +
                                              "; it must be 0 to " + std::to_string(steps) + ".");
  }
  const bool masked =
      std::any_of(clips.begin(), clips.end(), [](const auto& clip) { return clip.mask.defined(); });
  Source source;
  source.first_step = request.first_step;
  if (!masked && source.first_step == 0) return source;
  std::vector<at::Tensor> latents;
  std::vector<at::Tensor> masks;
  for (const ClipRequest& clip : clips) {
    if (!clip.init.defined() && (clip.mask.defined() || source.first_step > 0)) {
      throw Error(ErrorCode::kEngineFailed,
                  "A clip has no init; a mask and a first step above 0 need one.");
    }
    latents.push_back(Expect(clip.init, clip_shape, device, "init"));
    if (masked) masks.push_back(Expect(clip.mask, clip_shape.slice(1), device, "mask"));
  }
  source.latents = at::stack(latents);
  if (masked) source.mask = at::stack(masks).unsqueeze(1);
  return source;
}

}  // namespace audioldm
