#pragma once

#include <ATen/core/Tensor.h>

namespace audioldm {

// Attention of tokens to each other, with a gradient: qkv [B, T, 3 · C], queries, keys and values
// of all heads side by side → [B, T, C]. In bfloat16 on CPUs with AVX-512 a kernel of ours, since
// libtorch's gradient takes three times as long as in float32; everything else is libtorch's.
at::Tensor TrainingAttention(const at::Tensor& qkv, int64_t heads);

}  // namespace audioldm
