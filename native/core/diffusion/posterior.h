#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace audioldm {

// A draw from the VAE's posterior, z = mean + exp(½ logvar) · ε, or its mean: moments [1, 2C, t, f]
// (mean ‖ logvar) → float32 [1, C, t, f]. logvar is held within −30 … 20. ε is the first draw of
// torch.Generator('cpu').manual_seed(seed) of Python, on every device.
at::Tensor PosteriorSample(const at::Tensor& moments, std::optional<uint64_t> seed);

}  // namespace audioldm
