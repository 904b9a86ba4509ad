#include "diffusion/noise.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>

#include <utility>

namespace audioldm {

Noise::Noise(const std::vector<uint64_t>& seeds, std::vector<int64_t> clip_shape, at::Device device)
    : shape_(std::move(clip_shape)), device_(device) {
  shape_.insert(shape_.begin(), 1);
  for (const uint64_t seed : seeds) generators_.push_back(at::detail::createCPUGenerator(seed));
}

at::Tensor Noise::Draw() {
  std::vector<at::Tensor> clips;
  clips.reserve(generators_.size());
  for (at::Generator& generator : generators_) {
    clips.push_back(at::randn(shape_, generator, at::TensorOptions(at::kFloat)));
  }
  return at::cat(clips).to(device_);
}

}  // namespace audioldm
