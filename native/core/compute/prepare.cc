#include "compute/prepare.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "audio/resample.h"

namespace audioldm {
namespace {

constexpr int64_t kMaxRate = int64_t{1} << 20;
constexpr int64_t kMaxSamples = int64_t{1} << 30;
constexpr int64_t kSumBlock = 1 << 14;

struct Settings {
  int64_t rate, target_rate;
  bool mean_of_channels, remove_mean;
  int64_t min_samples;
  SincFilterSpec filter;
};

Settings ReadSettings(const Parameters& parameters) {
  Settings settings;
  settings.rate = parameters.Integer("rate", 1, kMaxRate);
  settings.target_rate = parameters.Integer("target_rate", 1, kMaxRate);
  settings.mean_of_channels = parameters.Integer("mono", 0, 1) == 1;
  settings.remove_mean = parameters.Integer("remove_mean", 0, 1) == 1;
  settings.min_samples = parameters.Integer("min_samples", 0, kMaxSamples);
  settings.filter.lowpass_filter_width = parameters.Integer("lowpass_filter_width", 1, 1024);
  settings.filter.rolloff = parameters.Number("rolloff");
  Require(settings.filter.rolloff >= 0.01 && settings.filter.rolloff <= 1,
          "The parameter 'rolloff' is not between 0.01 and 1.");
  settings.filter.beta = parameters.Number("beta");
  Require(settings.filter.beta >= 0 && settings.filter.beta <= 100,
          "The parameter 'beta' is not between 0 and 100.");
  return settings;
}

// The sum in float64, in an order that does not depend on the number of threads. Not finite exactly
// where a sample is not: float32 samples cannot take a float64 sum beyond its range.
double Sum(const float* samples, int64_t count) {
  std::vector<double> sums((count + kSumBlock - 1) / kSumBlock);
  at::parallel_for(0, static_cast<int64_t>(sums.size()), 8, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const float* last = samples + std::min(count, (block + 1) * kSumBlock);
      for (const float* s = samples + block * kSumBlock; s < last; ++s) sums[block] += *s;
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

at::Tensor PrepareClip(const Request& request, size_t index, const Settings& settings) {
  const std::string name = "clip " + std::to_string(index + 1);
  const at::Tensor clip = Input(request, index, name.c_str(), 2).to(at::kFloat).contiguous();
  const int64_t length = clip.size(1);
  const int64_t channels = settings.mean_of_channels ? clip.size(0) : 1;
  const float* samples = clip.const_data_ptr<float>();

  // A mean for each channel, so that a constant clip of several becomes exactly zero.
  std::vector<double> means(channels);
  for (int64_t c = 0; c < channels; ++c) {
    const double sum = Sum(samples + c * length, length);
    Require(std::isfinite(sum),
            "The input '" + name + "' has samples that are not finite (NaN or infinity).");
    if (settings.remove_mean) means[c] = sum / static_cast<double>(length);
  }
  const SampleSource source = [=, &means](int64_t first, int64_t last, double* out) {
    const int64_t count = last - first;
    std::fill(out, out + count, 0.0);
    for (int64_t c = 0; c < channels; ++c) {
      const float* from = samples + c * length + first;
      for (int64_t k = 0; k < count; ++k) out[k] += from[k] - means[c];
    }
    if (channels == 1) return;
    for (int64_t k = 0; k < count; ++k) out[k] /= static_cast<double>(channels);
  };

  const int64_t outputs = ResampledLength(length, settings.rate, settings.target_rate);
  Require(outputs <= kMaxSamples, "The input '" + name + "' would have " + std::to_string(outputs) +
                                      " samples at " + std::to_string(settings.target_rate) +
                                      " Hz, which is more than 2^30: cut it, or correct its rate.");
  at::Tensor result = at::empty({std::max(outputs, settings.min_samples)}, at::kFloat);
  float* out = result.mutable_data_ptr<float>();
  Resample(source, length, settings.rate, settings.target_rate, settings.filter, request.cancelled,
           out);
  std::fill(out + outputs, out + result.size(0), 0.0f);
  return result;
}

}  // namespace

Tensors Prepare(const Request& request) {
  const Settings settings = ReadSettings(request.parameters);
  Tensors results;
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    ThrowIfCancelled(request);
    results.push_back(PrepareClip(request, i, settings));
  }
  return results;
}

}  // namespace audioldm
