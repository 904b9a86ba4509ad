#include "audio/resample.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "tensor/error.h"

namespace audioldm {
namespace {

constexpr int64_t kMaxSegment = 1 << 18;     // samples that a thread holds at a time
constexpr int64_t kMaxRow = 1 << 16;         // taps of one output computed at a time
constexpr int64_t kMaxChunk = 1 << 16;       // outputs a thread computes at a time
constexpr int64_t kTapsPerAsking = 1 << 28;  // between two questions whether it is cancelled

int64_t FloorDivide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

struct Conversion {
  const SampleSource& source;
  const SincFilter& filter;
  int64_t length, rate, target_rate;  // rates without common factor
  float* output;

  // The samples [FirstTap, LastTap] that output j depends on, before clipping to the signal.
  int64_t FirstTap(int64_t j) const { return -FloorDivide(filter.reach() - j * rate, target_rate); }
  int64_t LastTap(int64_t j) const { return FloorDivide(j * rate + filter.reach(), target_rate); }
  int64_t MaxTaps() const { return 2 * filter.reach() / target_rate + 1; }
  int64_t Distance(int64_t sample, int64_t j) const { return sample * target_rate - j * rate; }

  // Outputs [begin, end): phase by phase, each phase's taps once.
  void Chunk(int64_t begin, int64_t end) const {
    const int64_t first = std::max<int64_t>(0, FirstTap(begin));
    const int64_t last = std::min(length, LastTap(end - 1) + 1);
    std::vector<double> segment(std::max<int64_t>(0, last - first));
    source(first, last, segment.data());
    std::vector<double> taps(MaxTaps());
    for (int64_t leader = begin; leader < std::min(end, begin + target_rate); ++leader) {
      int64_t from = FirstTap(leader);
      const int64_t count = LastTap(leader) + 1 - from;
      filter.Taps(Distance(from, leader), count, taps.data());
      for (int64_t j = leader; j < end; j += target_rate, from += rate) {
        const int64_t a = std::max<int64_t>(0, from);
        const int64_t b = std::min(length, from + count);
        output[j] =
            static_cast<float>(Dot(taps.data() + (a - from), segment.data() + (a - first), b - a));
      }
    }
  }

  // One output of more taps than are held at a time.
  void LongOutput(int64_t j) const {
    std::vector<double> taps(kMaxRow), segment(kMaxRow);
    const int64_t last = std::min(length, LastTap(j) + 1);
    double sum = 0;
    for (int64_t a = std::max<int64_t>(0, FirstTap(j)); a < last; a += kMaxRow) {
      const int64_t b = std::min(last, a + kMaxRow);
      source(a, b, segment.data());
      filter.Taps(Distance(a, j), b - a, taps.data());
      sum += Dot(taps.data(), segment.data(), b - a);
    }
    output[j] = static_cast<float>(sum);
  }
};

void Copy(const SampleSource& source, int64_t length, float* output) {
  at::parallel_for(0, length, kMaxRow, [&](int64_t begin, int64_t end) {
    std::vector<double> segment(kMaxRow);
    for (int64_t a = begin; a < end; a += kMaxRow) {
      const int64_t b = std::min(end, a + kMaxRow);
      source(a, b, segment.data());
      std::copy(segment.begin(), segment.begin() + (b - a), output + a);
    }
  });
}

// Outputs to a chunk: few enough for every thread to have some and for its samples to fit, enough
// for a phase's taps to serve several outputs.
int64_t ChunkSize(int64_t outputs, int64_t rate, int64_t target_rate) {
  const int64_t fair = outputs / (4 * at::get_num_threads()) + 1;
  const int64_t wanted = std::max(fair, std::max<int64_t>(1024, 16 * target_rate));
  const int64_t most = std::min(kMaxChunk, kMaxSegment * target_rate / rate);
  return std::clamp<int64_t>(wanted, 1, std::max<int64_t>(1, most));
}

}  // namespace

int64_t ResampledLength(int64_t length, int64_t rate, int64_t target_rate) {
  const int64_t divisor = std::gcd(rate, target_rate);
  rate /= divisor;
  target_rate /= divisor;
  return length / rate * target_rate + (length % rate * target_rate + rate - 1) / rate;
}

void Resample(const SampleSource& source, int64_t length, int64_t rate, int64_t target_rate,
              const SincFilterSpec& spec, const std::function<bool()>& cancelled, float* output) {
  const int64_t outputs = ResampledLength(length, rate, target_rate);
  const int64_t divisor = std::gcd(rate, target_rate);
  rate /= divisor;
  target_rate /= divisor;
  if (rate == target_rate) return Copy(source, length, output);

  const SincFilter filter(rate, target_rate, spec);
  const Conversion conversion{source, filter, length, rate, target_rate, output};
  const bool chunked = conversion.MaxTaps() <= kMaxRow;
  const int64_t chunk = chunked ? ChunkSize(outputs, rate, target_rate) : 1;
  const int64_t chunks = (outputs + chunk - 1) / chunk;
  const int64_t chunks_per_asking =
      std::max<int64_t>(at::get_num_threads(), kTapsPerAsking / (chunk * conversion.MaxTaps()));
  for (int64_t start = 0; start < chunks; start += chunks_per_asking) {
    if (cancelled && cancelled()) throw Aborted();
    const int64_t stop = std::min(chunks, start + chunks_per_asking);
    at::parallel_for(start, stop, 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) {
        if (chunked) {
          conversion.Chunk(c * chunk, std::min(outputs, (c + 1) * chunk));
        } else {
          conversion.LongOutput(c);
        }
      }
    });
  }
}

}  // namespace audioldm
