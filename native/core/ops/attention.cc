#include "ops/attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>

#include "ops/attention_avx512.h"
#include "ops/cpu.h"
#include "ops/onednn.h"

namespace audioldm {
namespace {

using avx512::kPanel;

int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// Elements of one head as [tokens, width] with a stride between tokens.
template <typename T>
struct Rows {
  const T* data;
  int64_t stride;
  const T* operator[](int64_t token) const { return data + token * stride; }
};

template <typename T>
Rows<T> HeadOf(const at::Tensor& x, int64_t index) {
  const int64_t b = index / x.size(1), h = index % x.size(1);
  return {x.const_data_ptr<T>() + b * x.stride(0) + h * x.stride(1), x.stride(2)};
}

template <typename T>
void PackKeys(Rows<T> keys, int64_t tokens, int64_t width, float* out) {
  for (int64_t start = 0; start < tokens; start += kPanel, out += width * kPanel) {
    const int64_t count = std::min(kPanel, tokens - start);
    for (int64_t j = 0; j < kPanel; j++) {
      for (int64_t i = 0; i < width; i++) {
        out[i * kPanel + j] = j < count ? static_cast<float>(keys[start + j][i]) : 0.0f;
      }
    }
  }
}

template <typename T>
void PackRows(Rows<T> rows, int64_t count, int64_t width, int64_t padded, float scale, float* out) {
  for (int64_t j = 0; j < count; j++, out += padded) {
    for (int64_t i = 0; i < padded; i++) {
      out[i] = i < width ? static_cast<float>(rows[j][i]) * scale : 0.0f;
    }
  }
}

template <typename T>
at::Tensor FusedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const int64_t heads = q.size(0) * q.size(1), queries = q.size(2), tokens = k.size(2);
  const int64_t width = q.size(3), padded = RoundUp(width, 16);
  const int64_t row_size = RoundUp(tokens, kPanel);
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  const auto floats = at::TensorOptions(at::kFloat);
  auto keys = at::empty({heads, row_size * width}, floats);
  auto values = at::empty({heads, tokens * padded}, floats);
  float* keys_data = keys.data_ptr<float>();
  float* values_data = values.data_ptr<float>();
  at::parallel_for(0, heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t h = begin; h < end; h++) {
      PackKeys(HeadOf<T>(k, h), tokens, width, keys_data + h * row_size * width);
      PackRows(HeadOf<T>(v, h), tokens, width, padded, 1.0f, values_data + h * tokens * padded);
    }
  });

  auto out = at::empty({q.size(0), queries, q.size(1), width}, q.options());
  T* out_data = out.template data_ptr<T>();
  const int64_t step = avx512::RowsFor(padded);
  const int64_t blocks = (queries + step - 1) / step;
  at::parallel_for(0, heads * blocks, 16, [&](int64_t begin, int64_t end) {
    // Allocators of libtorch align to 64 bytes.
    auto scores = at::empty({avx512::kMaxRows, row_size}, floats);
    float block_q[avx512::kMaxRows * avx512::kMaxWidth];
    float block_out[avx512::kMaxRows * avx512::kMaxWidth];
    for (int64_t task = begin; task < end; task++) {
      const int64_t h = task / blocks, first = task % blocks * step;
      const int64_t rows = std::min(step, queries - first);
      const Rows<T> source = HeadOf<T>(q, h);
      PackRows(Rows<T>{source[first], source.stride}, rows, width, width, scale, block_q);
      const avx512::Head head{keys_data + h * row_size * width, values_data + h * tokens * padded,
                              tokens, width, padded};
      avx512::Attend(head, block_q, rows, scores.data_ptr<float>(), block_out);
      const int64_t b = h / q.size(1), n = h % q.size(1);
      for (int64_t r = 0; r < rows; r++) {
        T* row = out_data + ((b * queries + first + r) * q.size(1) + n) * width;
        std::copy_n(block_out + r * padded, width, row);
      }
    }
  });
  return out.transpose(1, 2);
}

// For wide heads: per head and block of queries, two products in oneDNN, which the stock operator
// leaves to a slower BLAS. In float32, since bfloat16 scores would cost the softmax its digits.
at::Tensor WideAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  constexpr int64_t kBlock = 512;
  const int64_t queries = q.size(2);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(3)));
  auto out = at::empty({q.size(0), queries, q.size(1), q.size(3)}, q.options());
  const at::Tensor none;
  for (int64_t b = 0; b < q.size(0); b++) {
    for (int64_t h = 0; h < q.size(1); h++) {
      const auto keys = onednn::PackLinear(k[b][h].to(at::kFloat), kBlock);
      const auto values = onednn::PackLinear(v[b][h].to(at::kFloat).t(), kBlock);
      for (int64_t first = 0; first < queries; first += kBlock) {
        const int64_t rows = std::min(kBlock, queries - first);
        const auto block = q[b][h].narrow(0, first, rows).to(at::kFloat).mul(scale);
        const auto weights = onednn::Linear(block, keys, none).softmax(-1);
        out[b].narrow(0, first, rows).select(1, h).copy_(onednn::Linear(weights, values, none));
      }
    }
  }
  return out.transpose(1, 2);
}

}  // namespace

at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const auto type = q.scalar_type();
  const bool plain = q.is_cpu() && (type == at::kFloat || type == at::kBFloat16) && q.dim() == 4 &&
                     k.scalar_type() == type && v.scalar_type() == type && v.size(3) == q.size(3) &&
                     k.size(2) > 0 && q.stride(3) == 1 && k.stride(3) == 1 && v.stride(3) == 1;
  if constexpr (kX86) {
    if (plain && q.size(3) <= avx512::kMaxWidth && HasAvx512()) {
      return type == at::kFloat ? FusedAttention<float>(q, k, v)
                                : FusedAttention<c10::BFloat16>(q, k, v);
    }
  }
  if (plain && q.size(3) > avx512::kMaxWidth && onednn::Available()) return WideAttention(q, k, v);
  return at::scaled_dot_product_attention(q, k, v);
}

TORCH_LIBRARY_FRAGMENT(audioldm, library) {
  library.def("attention(Tensor q, Tensor k, Tensor v) -> Tensor", &Attention);
}

}  // namespace audioldm
