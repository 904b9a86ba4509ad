#include "audio/spectrum.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace audioldm {
namespace {

constexpr int64_t kFramesAtATime = 1024;
constexpr double kLinearHz = 200.0 / 3;  // a mel below the corner
constexpr double kCornerHz = 1000;
constexpr double kCornerMel = kCornerHz / kLinearHz;

double LogStep() { return std::log(6.4) / 27; }

double HzToMel(double hz) {
  if (hz < kCornerHz) return hz / kLinearHz;
  return kCornerMel + std::log(hz / kCornerHz) / LogStep();
}

double MelToHz(double mel) {
  if (mel < kCornerMel) return mel * kLinearHz;
  return kCornerHz * std::exp((mel - kCornerMel) * LogStep());
}

}  // namespace

int64_t FrameCount(int64_t length, const Framing& framing) {
  return length < framing.size ? 0 : 1 + (length - framing.size) / framing.hop;
}

void Magnitudes(const at::Tensor& signal, const Framing& framing,
                const std::function<void(int64_t, const at::Tensor&)>& take) {
  const int64_t frames = FrameCount(signal.size(-1), framing);
  if (frames == 0) return;
  const at::Tensor windows = signal.unfold(-1, framing.size, framing.hop);
  const at::Tensor hann = at::hann_window(framing.size, signal.options());
  for (int64_t first = 0; first < frames; first += kFramesAtATime) {
    const int64_t last = std::min(frames, first + kFramesAtATime);
    take(first, at::fft_rfft(windows.slice(-2, first, last) * hann).abs());
  }
}

at::Tensor MelFilters(double rate, int64_t size, int64_t bands, double low, double high) {
  std::vector<double> corners(bands + 2);
  const double low_mel = HzToMel(low), high_mel = HzToMel(high);
  for (int64_t i = 0; i < bands + 2; ++i) {
    corners[i] = MelToHz(low_mel + (high_mel - low_mel) * i / (bands + 1));
  }
  const int64_t bins = size / 2 + 1;
  const at::Tensor filters = at::zeros({bands, bins}, at::kDouble);
  double* weight = filters.mutable_data_ptr<double>();
  for (int64_t band = 0; band < bands; ++band) {
    const double left = corners[band], peak = corners[band + 1], right = corners[band + 2];
    for (int64_t bin = 0; bin < bins; ++bin, ++weight) {
      const double hz = rate * bin / size;
      const double triangle = std::min((hz - left) / (peak - left), (right - hz) / (right - peak));
      *weight = std::max(0.0, triangle) * 2 / (right - left);
    }
  }
  return filters;
}

}  // namespace audioldm
