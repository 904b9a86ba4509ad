#include "ops/group_norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/cpu.h"
#include "ops/group_norm_avx512.h"

namespace audioldm {
namespace {

struct Shape {
  int64_t channels, pixels, groups;
  int64_t chunk;   // pixels a task takes
  int64_t chunks;  // tasks an image
};

// What normalises an element, per channel: (x − center) · scale + shift.
struct Affine {
  explicit Affine(int64_t channels) : center(channels), scale(channels), shift(channels) {}
  std::vector<float> center, scale, shift;
};

// `totals`: for every chunk of one image, sums and then squares of all channels around `pivot`. The
// result goes to the channels of `affine` from `first` on.
void Solve(const Shape& s, const float* pivot, const double* totals, const float* weight,
           const float* bias, double eps, int64_t first, Affine& affine) {
  const int64_t width = s.channels / s.groups;
  const auto pixels = static_cast<double>(s.pixels);
  std::vector<double> means(width), squares(width);
  for (int64_t g = 0; g < s.groups; g++) {
    double mean = 0;
    for (int64_t i = 0; i < width; i++) {
      const int64_t c = g * width + i;
      double sum = 0, square = 0;
      for (int64_t k = 0; k < s.chunks; k++) {
        sum += totals[k * 2 * s.channels + c];
        square += totals[(k * 2 + 1) * s.channels + c];
      }
      means[i] = pivot[c] + sum / pixels;
      squares[i] = square - sum * sum / pixels;
      mean += means[i];
    }
    mean /= static_cast<double>(width);
    double variance = 0;
    for (int64_t i = 0; i < width; i++) {
      variance += squares[i] + pixels * (means[i] - mean) * (means[i] - mean);
    }
    variance /= pixels * static_cast<double>(width);
    const double inverse = 1.0 / std::sqrt(std::max(variance, 0.0) + eps);
    const auto center = static_cast<float>(mean);
    for (int64_t c = g * width; c < (g + 1) * width; c++) {
      const double scale = weight[c] * inverse;
      affine.center[first + c] = center;
      affine.scale[first + c] = static_cast<float>(scale);
      // What rounding the mean to float32 left over.
      affine.shift[first + c] = static_cast<float>(bias[c] - (mean - center) * scale);
    }
  }
}

template <typename T, typename Element>
at::Tensor Normalize(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                     const at::Tensor& bias, double eps, bool silu) {
  const int64_t images = x.size(0);
  Shape s{x.size(1), x.size(2) * x.size(3), groups, 0, 0};
  s.chunk = std::max<int64_t>(16, 32768 / s.channels);
  s.chunks = (s.pixels + s.chunk - 1) / s.chunk;
  const auto* input = reinterpret_cast<const Element*>(x.const_data_ptr<T>());
  auto out = at::empty_like(x);
  auto* output = reinterpret_cast<Element*>(out.template data_ptr<T>());

  // The first pixel of an image is the pivot of its channels.
  const auto pivots = x.select(3, 0).select(2, 0).to(at::kFloat).contiguous();
  const float* pivot = pivots.const_data_ptr<float>();
  std::vector<double> totals(images * s.chunks * 2 * s.channels);
  const auto each_chunk = [&](const auto& work) {
    at::parallel_for(0, images * s.chunks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t image = task / s.chunks, first = task % s.chunks * s.chunk;
        const int64_t count = std::min(s.chunk, s.pixels - first);
        work(task, image, (image * s.pixels + first) * s.channels, count);
      }
    });
  };
  each_chunk([&](int64_t task, int64_t image, int64_t offset, int64_t count) {
    double* sums = totals.data() + task * 2 * s.channels;
    avx512::ChannelSums(input + offset, count, s.channels, pivot + image * s.channels, sums,
                        sums + s.channels);
  });

  const auto weights = weight.to(at::kFloat).contiguous(),
             biases = bias.to(at::kFloat).contiguous();
  Affine affine(images * s.channels);
  for (int64_t image = 0; image < images; image++) {
    Solve(s, pivot + image * s.channels, totals.data() + image * s.chunks * 2 * s.channels,
          weights.const_data_ptr<float>(), biases.const_data_ptr<float>(), eps, image * s.channels,
          affine);
  }
  each_chunk([&](int64_t, int64_t image, int64_t offset, int64_t count) {
    const int64_t c = image * s.channels;
    avx512::ScaleShift(input + offset, count, s.channels, affine.center.data() + c,
                       affine.scale.data() + c, affine.shift.data() + c, silu, output + offset);
  });
  return out;
}

}  // namespace

at::Tensor GroupNorm(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                     const at::Tensor& bias, double eps, bool silu) {
  const bool ours = HasAvx512() && x.is_cpu() && x.dim() == 4 && x.numel() > 0 &&
                    x.size(1) % 16 == 0 && groups > 0 && x.size(1) % groups == 0 &&
                    weight.defined() && bias.defined() && weight.numel() == x.size(1) &&
                    bias.numel() == x.size(1) && x.is_contiguous(at::MemoryFormat::ChannelsLast);
  if constexpr (kX86) {
    if (ours && x.scalar_type() == at::kFloat) {
      return Normalize<float, float>(x, groups, weight, bias, eps, silu);
    }
    if (ours && x.scalar_type() == at::kBFloat16) {
      return Normalize<c10::BFloat16, uint16_t>(x, groups, weight, bias, eps, silu);
    }
  }
  // Of channels that lie last, libtorch's own operator loses half of float32's digits.
  const auto format = x.suggest_memory_format();
  const auto y = at::group_norm(x.contiguous(), groups, weight, bias, eps).contiguous(format);
  return silu ? at::silu(y) : y;
}

TORCH_LIBRARY_FRAGMENT(audioldm, library) {
  library.def(
      "group_norm(Tensor x, int groups, Tensor weight, Tensor bias, float eps, bool silu) -> "
      "Tensor",
      &GroupNorm);
}

}  // namespace audioldm
