#include "compute/spectral_pair.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "audio/spectrum.h"

namespace audioldm {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kEpsilon = 1e-12;
constexpr int64_t kDropped = 1120;
constexpr Framing kLsdFraming{743, 160};
constexpr Framing kMelFraming{512, 160};
constexpr int64_t kBands = 64;
constexpr int64_t kWindow = 7;                // of SSIM
constexpr int64_t kColumnsAtATime = 1 << 10;  // of SSIM

at::Tensor Normalize(const at::Tensor& waveform) {
  const at::Tensor centred = waveform - waveform.mean();
  const double peak = centred.abs().max().item<double>();
  return peak > 0 ? centred / peak : centred;
}

double LogSpectralDistance(const Request& request, const at::Tensor& generated,
                           const at::Tensor& reference) {
  if (generated.size(0) <= kDropped) return kNone;
  at::Tensor g = Normalize(generated.slice(0, kDropped));
  at::Tensor r = Normalize(reference);
  const int64_t length = std::min(g.size(0), r.size(0));
  const int64_t pad = kLsdFraming.size / 2;
  g = at::constant_pad_nd(g.slice(0, 0, length), {pad, pad});
  r = at::constant_pad_nd(r.slice(0, 0, length), {pad, pad});
  if (g.equal(r)) return 0;

  const int64_t frames = FrameCount(g.size(0), kLsdFraming);
  double sum = 0;
  Magnitudes(at::stack({g, r}), kLsdFraming, [&](int64_t, const at::Tensor& both) {
    ThrowIfCancelled(request);
    const at::Tensor ratio = both[1].square() / (both[0] + kEpsilon).square();
    const at::Tensor logarithm = (ratio + kEpsilon).log10();
    sum += logarithm.square().mean(1).sqrt().sum().item<double>();
  });
  return sum / static_cast<double>(frames);
}

// [bands, frames]
at::Tensor MelImage(const Request& request, const at::Tensor& waveform, const at::Tensor& filters) {
  const int64_t pad = kMelFraming.size / 2;
  const at::Tensor padded =
      at::reflection_pad1d(waveform.clamp(-1, 1).unsqueeze(0), {pad, pad}).squeeze(0);
  std::vector<at::Tensor> pieces;
  Magnitudes(padded, kMelFraming, [&](int64_t, const at::Tensor& magnitudes) {
    ThrowIfCancelled(request);
    const at::Tensor mel = at::matmul(filters, magnitudes.t());
    const at::Tensor decibels = mel.clamp_min(1e-5).log10() * 20 - 20;
    pieces.push_back(((decibels + 100) / 100).clamp(0, 1));
  });
  return at::cat(pieces, 1);
}

// The sum of the similarities of all windows that lie inside x and y.
double SumOfSimilarities(const at::Tensor& x, const at::Tensor& y, double range) {
  const at::Tensor moments =
      at::avg_pool2d(at::stack({x, y, x * x, y * y, x * y}), {kWindow, kWindow}, {1, 1});
  const double count = kWindow * kWindow;
  const double to_sample = count / (count - 1);
  const double c1 = std::pow(0.01 * range, 2), c2 = std::pow(0.03 * range, 2);
  const at::Tensor mx = moments[0], my = moments[1];
  const at::Tensor vx = (moments[2] - mx * mx) * to_sample;
  const at::Tensor vy = (moments[3] - my * my) * to_sample;
  const at::Tensor vxy = (moments[4] - mx * my) * to_sample;
  const at::Tensor above = (2 * mx * my + c1) * (2 * vxy + c2);
  const at::Tensor below = (mx * mx + my * my + c1) * (vx + vy + c2);
  return (above / below).sum().item<double>();
}

double StructuralSimilarity(const Request& request, const at::Tensor& x, const at::Tensor& y) {
  const int64_t columns = x.size(1) - kWindow + 1;
  if (columns < 1) return kNone;
  if (x.equal(y)) return 1;
  const double range =
      at::maximum(x.max(), y.max()).item<double>() - at::minimum(x.min(), y.min()).item<double>();
  double sum = 0;
  for (int64_t first = 0; first < columns; first += kColumnsAtATime) {
    ThrowIfCancelled(request);
    const int64_t last = std::min(columns, first + kColumnsAtATime) + kWindow - 1;
    sum += SumOfSimilarities(x.slice(1, first, last), y.slice(1, first, last), range);
  }
  return sum / static_cast<double>(columns * (x.size(0) - kWindow + 1));
}

at::Tensor Waveform(const Request& request, size_t index, const char* name) {
  const at::Tensor waveform = Input(request, index, name, 1).to(at::kDouble);
  Require(at::isfinite(waveform).all().item<bool>(),
          std::string("The input '") + name + "' has samples that are not finite.");
  return waveform;
}

}  // namespace

Tensors SpectralPair(const Request& request) {
  const at::Tensor generated = Waveform(request, 0, "waveform_generated");
  const at::Tensor reference = Waveform(request, 1, "waveform_reference");
  const double lsd = LogSpectralDistance(request, generated, reference);

  double psnr = kNone, ssim = kNone;
  if (std::min(generated.size(0), reference.size(0)) > kMelFraming.size / 2) {
    const at::Tensor filters = MelFilters(16000, kMelFraming.size, kBands, 50, 8000);
    at::Tensor g = MelImage(request, generated, filters);
    at::Tensor r = MelImage(request, reference, filters);
    const int64_t frames = std::min(g.size(1), r.size(1));
    g = g.slice(1, 0, frames);
    r = r.slice(1, 0, frames);
    psnr = 10 * std::log10(1 / (g - r).square().mean().item<double>());
    ssim = StructuralSimilarity(request, g, r);
  }
  return {at::tensor({lsd, psnr, ssim}, at::kDouble)};
}

}  // namespace audioldm
