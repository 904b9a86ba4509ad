#include "diffusion/windows.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tensor/error.h"

namespace audioldm {
namespace {

// From 0 to 1 over `length` values; value 0 is the first.
double FadeIn(int64_t value, int64_t length) {
  if (value >= length) return 1;
  const double s = std::sin(M_PI_2 * (static_cast<double>(value) + 0.5) / length);
  return s * s;
}

}  // namespace

Windows::Windows(int64_t total, const std::optional<WindowSpec>& spec)
    : total_(total), frames_(spec ? std::min(spec->frames, total) : total) {
  if (!spec) return;
  if (spec->frames < 1 || spec->overlap < 0 || spec->overlap >= spec->frames) {
    throw Error(ErrorCode::kEngineFailed,
                "Windows of " + std::to_string(spec->frames) + " latent frames that overlap by " +
                    std::to_string(spec->overlap) +
                    " cannot be: a window has at least one frame, of which it shares fewer than "
                    "all with the next.");
  }
  const int64_t hop = spec->frames - spec->overlap;
  count_ = 1 + (total_ - frames_ + hop - 1) / hop;
}

int64_t Windows::start(int64_t window) const {
  if (window == 0) return 0;
  // Wider than a product of two frame counts.
  const auto distance = static_cast<__int128>(window) * (total_ - frames_);
  return static_cast<int64_t>(distance / (count_ - 1));
}

at::Tensor Windows::Weights(int64_t values) const {
  const int64_t length = values * frames_;
  at::Tensor weights = at::ones({count_, length}, at::kDouble);
  if (count_ == 1) return weights.to(at::kFloat);
  at::Tensor sums = at::zeros({values * total_}, at::kDouble);
  for (int64_t k = 0; k < count_; ++k) {
    double* row = weights.mutable_data_ptr<double>() + k * length;
    double* sum = sums.mutable_data_ptr<double>() + values * start(k);
    const int64_t before = k == 0 ? 0 : values * (start(k - 1) + frames_ - start(k));
    const int64_t after = k == count_ - 1 ? 0 : values * (start(k) + frames_ - start(k + 1));
    for (int64_t i = 0; i < length; ++i) {
      row[i] = FadeIn(i, before) * FadeIn(length - 1 - i, after);
      sum[i] += row[i];
    }
  }
  for (int64_t k = 0; k < count_; ++k) {
    weights[k].div_(sums.narrow(0, values * start(k), length));
  }
  return weights.to(at::kFloat);
}

void Blend::Add(int64_t window, const at::Tensor& values) {
  if (!sum_.defined()) {
    values_ = values.size(2) / windows_.frames();
    weights_ = windows_.Weights(values_).to(values.device());
    std::vector<int64_t> shape = values.sizes().vec();
    shape[2] = values_ * windows_.total();
    sum_ = at::zeros(shape, values.options().dtype(at::kFloat));
  }
  sum_.narrow(2, values_ * windows_.start(window), values_ * windows_.frames())
      .add_(values * weights_[window].view({-1, 1}));
}

}  // namespace audioldm
