#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace audioldm {

// Gaussian noise for a batch in which every clip has a random stream of its own, so that a clip
// does not change with the batch it is generated in.
//
// Clip i's stream is torch.Generator('cpu').manual_seed(seeds[i]) of Python, on every device.
// Successive draws continue the streams: first the starting noise, then what stochastic
// schedulers add, step by step.
class Noise {
 public:
  // Each draw is one [1, ...clip_shape] tensor per seed. `seeds` must not be empty.
  Noise(const std::vector<uint64_t>& seeds, std::vector<int64_t> clip_shape, at::Device device);

  // [B, ...clip_shape], float32, contiguous, on the device.
  at::Tensor Draw();

 private:
  std::vector<at::Generator> generators_;
  std::vector<int64_t> shape_;
  at::Device device_;
};

}  // namespace audioldm
