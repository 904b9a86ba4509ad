#include "autograd/group_norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/norm_types.h"
#include "autograd/precision.h"

namespace audioldm {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Shape {
  Shape(const at::Tensor& x, int64_t groups)
      : images(x.size(0)), channels(x.size(1)), pixels(x.size(2) * x.size(3)), groups(groups) {}
  int64_t images, channels, pixels, groups;
  int64_t image_size() const { return channels * pixels; }
  int64_t width() const { return channels / groups; }
};

// What the gradient needs of an image, a channel each: x̂ = (x − center) · rstd has the group's mean
// and deviation taken out, and the offset put in; `mean` is that of x − center.
struct Statistics {
  static constexpr int64_t kRows = 3;
  Statistics(const Shape& s, float* all, int64_t image)
      : center(all + kRows * image * s.channels),
        rstd(center + s.channels),
        mean(rstd + s.channels) {}
  float *center, *rstd, *mean;
};

// From sums around `pivot` of an image.
void Solve(const Shape& s, const float* pivot, const float* offset, const double* sums,
           const double* squares, double eps, Statistics& out) {
  const auto pixels = static_cast<double>(s.pixels);
  const auto width = static_cast<double>(s.width());
  std::vector<double> means(s.width());
  for (int64_t first = 0; first < s.channels; first += s.width()) {
    double center = 0, variance = 0;
    for (int64_t i = 0; i < s.width(); i++) {
      const int64_t c = first + i;
      means[i] = pivot[c] + sums[c] / pixels + (offset != nullptr ? offset[c] : 0);
      center += means[i] / width;
    }
    for (int64_t i = 0; i < s.width(); i++) {
      const double mean = sums[first + i] / pixels, off = means[i] - center;
      variance += (squares[first + i] / pixels - mean * mean + off * off) / width;
    }
    const double inverse = 1 / std::sqrt(std::max(variance, 0.0) + eps);
    for (int64_t i = 0; i < s.width(); i++) {
      const int64_t c = first + i;
      out.center[c] = static_cast<float>(center - (offset != nullptr ? offset[c] : 0));
      out.rstd[c] = static_cast<float>(inverse);
      out.mean[c] = static_cast<float>(means[i] - center);
    }
  }
}

float ToFloat(float x) { return x; }
float ToFloat(uint16_t x) { return at::BFloat16(x, at::BFloat16::from_bits()); }

template <typename In, typename Out>
void Normalize(const NormLoops<In, Out>& loops, const Shape& s, const In* x, const float* offset,
               const float* weight, const float* bias, double eps, bool silu, float* statistics,
               Out* out) {
  at::parallel_for(0, s.images, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> pivot(s.channels), scale(s.channels);
    for (int64_t image = begin; image < end; image++) {
      std::vector<double> sums(s.channels), squares(s.channels);
      const In* from = x + image * s.image_size();
      Statistics found(s, statistics, image);
      for (int64_t c = 0; c < s.channels; c++) pivot[c] = ToFloat(from[c]);
      loops.sums(from, s.pixels, s.channels, pivot.data(), sums.data(), squares.data());
      Solve(s, pivot.data(), offset != nullptr ? offset + image * s.channels : nullptr, sums.data(),
            squares.data(), eps, found);
      for (int64_t c = 0; c < s.channels; c++) scale[c] = weight[c] * found.rstd[c];
      loops.normalize(from, s.pixels, s.channels, found.center, scale.data(), bias, silu,
                      out + image * s.image_size());
    }
  });
}

// With dz, the gradient of what SiLU gets: dx = (w · dz − mean(w · dz) − x̂ · mean(w · dz · x̂)) ·
// rstd, the means over a group. `sums`, [N, 3, C]: Σ dz · x̂, Σ dz and Σ dx over the pixels.
template <typename In, typename Out>
void Gradient(const NormLoops<In, Out>& loops, const Shape& s, const In* x, const Out* dy,
              const float* weight, const float* bias, bool silu, float* statistics, double* sums,
              In* dx) {
  const auto pixels = static_cast<double>(s.pixels);
  const double count = pixels * static_cast<double>(s.width());
  at::parallel_for(0, s.images, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scale(s.channels), slope(s.channels), level(s.channels);
    for (int64_t image = begin; image < end; image++) {
      const int64_t start = image * s.image_size();
      const Statistics found(s, statistics, image);
      double* product = sums + 3 * image * s.channels;
      double* sum = product + s.channels;
      double* total = sum + s.channels;
      for (int64_t c = 0; c < s.channels; c++) scale[c] = weight[c] * found.rstd[c];
      loops.gradient_sums(x + start, dy + start, s.pixels, s.channels, found.center, scale.data(),
                          bias, silu, sum, product);
      for (int64_t first = 0; first < s.channels; first += s.width()) {
        double one = 0, other = 0;
        for (int64_t c = first; c < first + s.width(); c++) {
          product[c] *= found.rstd[c];
          one += weight[c] * sum[c] / count;
          other += weight[c] * product[c] / count;
        }
        for (int64_t c = first; c < first + s.width(); c++) {
          const double rstd = found.rstd[c];
          slope[c] = static_cast<float>(-other * rstd * rstd);
          level[c] = static_cast<float>(-one * rstd);
          total[c] = scale[c] * sum[c] + pixels * (slope[c] * found.mean[c] + level[c]);
        }
      }
      loops.gradient(x + start, dy + start, s.pixels, s.channels, found.center, scale.data(), bias,
                     silu, slope.data(), level.data(), dx + start);
    }
  });
}

class GroupNormFunction : public torch::autograd::Function<GroupNormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const std::optional<at::Tensor>& offset, int64_t groups,
                            const at::Tensor& weight, const at::Tensor& bias, double eps,
                            bool silu) {
    const at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
    const Shape shape(x, groups);
    const at::Tensor statistics =
        at::empty({shape.images, Statistics::kRows, shape.channels}, weight.options());
    at::Tensor out =
        at::empty_like(x, InBfloat16(x) ? x.options().dtype(at::kBFloat16) : x.options());
    const at::Tensor added = offset ? offset->to(at::kFloat).contiguous() : at::Tensor();
    WithNormLoops(x, out, [&](const auto& loops, auto types) {
      Normalize(loops, shape, types.X(x), offset ? added.const_data_ptr<float>() : nullptr,
                weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), eps, silu,
                statistics.data_ptr<float>(), types.MutableY(out));
    });
    context->save_for_backward({x, weight, bias, statistics});
    context->saved_data["groups"] = groups;
    context->saved_data["silu"] = silu;
    if (offset) context->saved_data["offset"] = static_cast<int64_t>(offset->scalar_type());
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const Shape shape(x, context->saved_data["groups"].toInt());
    const bool silu = context->saved_data["silu"].toBool();
    const at::Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor sums =
        at::zeros({shape.images, 3, shape.channels}, weight.options().dtype(at::kDouble));
    at::Tensor dx = at::empty_like(x);
    WithNormLoops(x, dy, [&](const auto& loops, auto types) {
      Gradient(loops, shape, types.X(x), types.Y(dy), weight.const_data_ptr<float>(),
               saved[2].const_data_ptr<float>(), silu, saved[3].data_ptr<float>(),
               sums.data_ptr<double>(), types.MutableX(dx));
    });
    const at::Tensor total = sums.sum(0).to(at::kFloat);
    variable_list results = {dx, at::Tensor(), at::Tensor(), total[0], total[1], {}, {}};
    const auto offset = context->saved_data.find("offset");
    if (offset != context->saved_data.end()) {
      results[1] = sums.select(1, 2).to(static_cast<at::ScalarType>(offset->second.toInt()));
    }
    return results;
  }
};

bool IsParameter(const at::Tensor& tensor, int64_t channels) {
  return tensor.scalar_type() == at::kFloat && tensor.numel() == channels && tensor.is_contiguous();
}

}  // namespace

at::Tensor TrainingGroupNorm(const at::Tensor& x, const std::optional<at::Tensor>& offset,
                             int64_t groups, const at::Tensor& weight, const at::Tensor& bias,
                             double eps, bool silu) {
  if (NormTakes(x) && x.dim() == 4 && groups > 0 && x.size(1) % groups == 0 &&
      IsParameter(weight, x.size(1)) && IsParameter(bias, x.size(1))) {
    return GroupNormFunction::apply(x, offset, groups, weight, bias, eps, silu);
  }
  const at::Tensor sum = offset ? x + offset->unsqueeze(-1).unsqueeze(-1) : x;
  const at::Tensor y = at::group_norm(sum, groups, weight, bias, eps);
  return silu ? at::silu(y) : y;
}

TORCH_LIBRARY_FRAGMENT(audioldm, library) {
  library.def(
      "training_group_norm(Tensor x, Tensor? offset, int groups, Tensor weight, Tensor bias, "
      "float eps, bool silu) -> Tensor",
      &TrainingGroupNorm);
}

}  // namespace audioldm
