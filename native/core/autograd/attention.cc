#include "autograd/attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/loops.h"
#include "autograd/pack.h"
#include "ops/bfloat16.h"
#include "ops/cpu.h"

namespace audioldm {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kQueries = 64;  // taken at a time

int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

uint16_t* Bits(const at::Tensor& tensor) {
  return reinterpret_cast<uint16_t*>(tensor.data_ptr<at::BFloat16>());
}

// What all heads have in common.
struct Sizes {
  Sizes(const at::Tensor& qkv, int64_t heads)
      : images(qkv.size(0)),
        tokens(qkv.size(1)),
        channels(qkv.size(2) / 3),
        heads(heads),
        width(channels / heads),
        padded(RoundUp(tokens, 32)),
        scale(1.0f / std::sqrt(static_cast<float>(width))) {}

  // Where a head's first token lies, and what is between its tokens there.
  int64_t Start(int64_t task, int64_t stride) const {
    return task / heads * tokens * stride + task % heads * width;
  }

  int64_t images, tokens, channels, heads, width;
  int64_t padded;  // tokens, of which those beyond are zeros
  float scale;
};

template <typename Work>
void ForEachHead(const Sizes& s, const Work& work) {
  at::parallel_for(0, s.images * s.heads, 1, [&](int64_t begin, int64_t end) {
    work(begin, end);
    at::native::cpublas::brgemm_release();
  });
}

void Attend(const Sizes& s, const uint16_t* qkv, float* levels, uint16_t* out) {
  const AttentionLoops& loops = FindLoops()->attention;
  const int64_t stride = 3 * s.channels;
  ForEachHead(s, [&](int64_t begin, int64_t end) {
    PackedMatrix keys(s.width, s.padded), values(s.padded, s.width);
    std::vector<float> scores(kQueries * s.padded), mixed(kQueries * s.width);
    std::vector<uint16_t> weights(kQueries * s.padded);
    for (int64_t head = begin; head < end; head++) {
      const uint16_t* q = qkv + s.Start(head, stride);
      keys.SetTransposed(q + s.channels, s.tokens, stride);
      values.SetRows(q + 2 * s.channels, s.tokens, stride, s.width);
      for (int64_t first = 0; first < s.tokens; first += kQueries) {
        const int64_t rows = std::min(kQueries, s.tokens - first);
        Multiply(q + first * stride, stride, rows, keys, false, scores.data(), s.padded);
        float sums[kQueries];
        for (int64_t r = 0; r < rows; r++) {
          float max = 0;
          sums[r] = loops.softmax(scores.data() + r * s.padded, s.tokens, s.scale,
                                  weights.data() + r * s.padded, &max);
          levels[head * s.tokens + first + r] = max * s.scale + std::log(sums[r]);
        }
        Multiply(weights.data(), s.padded, rows, values, false, mixed.data(), s.width);
        uint16_t* to = out + s.Start(head, s.channels) + first * s.channels;
        for (int64_t r = 0; r < rows; r++) {
          loops.round(mixed.data() + r * s.width, s.width, 1 / sums[r], to + r * s.channels);
        }
      }
    }
  });
}

// [tokens, width] with a stride between tokens → [width, padded]; what is beyond the tokens stays.
void Transpose(const Sizes& s, const uint16_t* x, int64_t stride, std::vector<uint16_t>& out) {
  for (int64_t t = 0; t < s.tokens; t++) {
    for (int64_t i = 0; i < s.width; i++) out[i * s.padded + t] = x[t * stride + i];
  }
}

void PutTransposed(const Sizes& s, const std::vector<float>& x, int64_t stride, uint16_t* out) {
  const AttentionLoops& loops = FindLoops()->attention;
  std::vector<uint16_t> row(s.padded);
  for (int64_t i = 0; i < s.width; i++) {
    loops.round(x.data() + i * s.padded, s.tokens, 1, row.data());
    for (int64_t t = 0; t < s.tokens; t++) out[t * stride + i] = row[t];
  }
}

// Turns scores and gradients of weights, [rows, padded], into weights and gradients of scores.
void ThroughSoftmax(const Sizes& s, int64_t rows, const float* levels, std::vector<float>& scores,
                    const std::vector<float>& dweights, PackedMatrix& weights,
                    PackedMatrix& dscores, std::vector<uint16_t>& dscore_rows) {
  const AttentionLoops& loops = FindLoops()->attention;
  for (int64_t r = 0; r < rows; r += 2) {
    const int64_t both = std::min<int64_t>(2, rows - r), start = r * s.padded;
    float means[2];
    for (int64_t i = 0; i < both; i++) {
      means[i] =
          loops.weights(scores.data() + start + i * s.padded,
                        dweights.data() + start + i * s.padded, s.tokens, s.scale, levels[r + i]);
    }
    for (int64_t t = 0; t < s.tokens; t += PackedMatrix::kPanel) {
      loops.gradient(scores.data() + start + t, dweights.data() + start + t, s.padded,
                     std::min(PackedMatrix::kPanel, s.tokens - t), s.scale, means, both == 2,
                     weights.Panel(t, r / 2), dscores.Panel(t, r / 2),
                     dscore_rows.data() + start + t);
    }
  }
}

// A head block by block of queries: with weights P = softmax(scale · Q · Kᵀ) and their gradients
// dP = dO · Vᵀ, those of the scores are dS = P · (dP − Σ P · dP) · scale. Then dQ = dS · K,
// dKᵀ = Σ Qᵀ · dS and dVᵀ = Σ dOᵀ · P.
void AttendGradient(const Sizes& s, const uint16_t* qkv, const float* levels, const uint16_t* dout,
                    uint16_t* dqkv) {
  const AttentionLoops& loops = FindLoops()->attention;
  const int64_t stride = 3 * s.channels, block = std::min(kQueries, s.padded);
  ForEachHead(s, [&](int64_t begin, int64_t end) {
    PackedMatrix keys(s.width, s.padded), values(s.width, s.padded), key_rows(s.padded, s.width);
    std::vector<float> scores(block * s.padded), dweights(block * s.padded);
    std::vector<float> dq(block * s.width), dk(s.width * s.padded), dv(s.width * s.padded);
    std::vector<uint16_t> dscore_rows(block * s.padded);
    std::vector<uint16_t> queries(s.width * s.padded), douts(s.width * s.padded);
    for (int64_t head = begin; head < end; head++) {
      const uint16_t* q = qkv + s.Start(head, stride);
      const uint16_t* dy = dout + s.Start(head, s.channels);
      uint16_t* dx = dqkv + s.Start(head, stride);
      keys.SetTransposed(q + s.channels, s.tokens, stride);
      key_rows.SetRows(q + s.channels, s.tokens, stride, s.width);
      values.SetTransposed(q + 2 * s.channels, s.tokens, stride);
      Transpose(s, q, stride, queries);
      Transpose(s, dy, s.channels, douts);
      for (int64_t first = 0; first < s.tokens; first += block) {
        const int64_t rows = std::min(block, s.tokens - first);
        PackedMatrix weights(RoundUp(rows, 2), s.padded), dscores(RoundUp(rows, 2), s.padded);
        Multiply(q + first * stride, stride, rows, keys, false, scores.data(), s.padded);
        Multiply(dy + first * s.channels, s.channels, rows, values, false, dweights.data(),
                 s.padded);
        ThroughSoftmax(s, rows, levels + head * s.tokens + first, scores, dweights, weights,
                       dscores, dscore_rows);
        Multiply(dscore_rows.data(), s.padded, rows, key_rows, false, dq.data(), s.width);
        for (int64_t r = 0; r < rows; r++) {
          loops.round(dq.data() + r * s.width, s.width, 1, dx + (first + r) * stride);
        }
        Multiply(queries.data() + first, s.padded, s.width, dscores, first > 0, dk.data(),
                 s.padded);
        Multiply(douts.data() + first, s.padded, s.width, weights, first > 0, dv.data(), s.padded);
      }
      PutTransposed(s, dk, stride, dx + s.channels);
      PutTransposed(s, dv, stride, dx + 2 * s.channels);
    }
  });
}

class Attention : public torch::autograd::Function<Attention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv, int64_t heads) {
    const at::Tensor x = qkv.contiguous();
    const Sizes sizes(x, heads);
    const at::Tensor levels =
        at::empty({sizes.images, heads, sizes.tokens}, x.options().dtype(at::kFloat));
    at::Tensor out = at::empty({sizes.images, sizes.tokens, sizes.channels}, x.options());
    Attend(sizes, Bits(x), levels.data_ptr<float>(), Bits(out));
    context->save_for_backward({x, levels});
    context->saved_data["heads"] = heads;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Sizes sizes(saved[0], context->saved_data["heads"].toInt());
    const at::Tensor dout = gradients[0].to(at::kBFloat16).contiguous();
    at::Tensor dqkv = at::empty_like(saved[0]);
    AttendGradient(sizes, Bits(saved[0]), saved[1].data_ptr<float>(), Bits(dout), Bits(dqkv));
    return {dqkv, at::Tensor()};
  }
};

at::Tensor StockAttention(const at::Tensor& qkv, int64_t heads) {
  const int64_t images = qkv.size(0), tokens = qkv.size(1);
  const auto parts = qkv.view({images, tokens, 3, heads, -1}).permute({2, 0, 3, 1, 4}).unbind(0);
  return at::scaled_dot_product_attention(parts[0], parts[1], parts[2])
      .transpose(1, 2)
      .reshape({images, tokens, qkv.size(2) / 3});
}

}  // namespace

at::Tensor TrainingAttention(const at::Tensor& qkv, int64_t heads) {
  const bool ours = qkv.is_cpu() && qkv.scalar_type() == at::kBFloat16 && qkv.numel() > 0 &&
                    qkv.size(2) % (3 * heads * 16) == 0 && HasAvx512() && MultipliesBfloat16();
  return ours ? Attention::apply(qkv, heads) : StockAttention(qkv, heads);
}

TORCH_LIBRARY_FRAGMENT(audioldm, library) {
  library.def("training_attention(Tensor qkv, int heads) -> Tensor", &TrainingAttention);
}

}  // namespace audioldm
