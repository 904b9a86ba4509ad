#pragma once

#include <ATen/core/Tensor.h>

namespace audioldm {

// softmax(q · kᵀ / √d) · v, without mask, dropout or gradient: `audioldm::attention` in frozen
// graphs. q, k, v: [B, H, N, d] on the CPU, float32 or bfloat16, any strides. Result: [B, H, N, d],
// with memory laid out as [B, N, H, d], so that merging the heads copies nothing.
//
// Heads up to 128 wide use a fused float32 kernel on CPUs with AVX-512; wider ones two oneDNN
// products over blocks of queries; everything else falls back to libtorch's operator.
at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

}  // namespace audioldm
