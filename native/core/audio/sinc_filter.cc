#include "audio/sinc_filter.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace audioldm {
namespace {

// Every loop over the lanes of a block becomes vector instructions. The functions marked with
// AUDIOLDM_AVX2 are compiled twice; without fused multiply-adds both give the same bits.
#if defined(__x86_64__)
#define AUDIOLDM_AVX2 __attribute__((target("avx2")))
bool HasAvx2() { return __builtin_cpu_supports("avx2"); }
#else
#define AUDIOLDM_AVX2
bool HasAvx2() { return false; }
#endif
#define AUDIOLDM_INLINE inline __attribute__((always_inline))

constexpr int kLanes = 16;
// Added and taken away, it rounds a double of less than 2^51 to the nearest whole number.
constexpr double kRounder = 6755399441055744.0;

// (−1)^k π^(2k+1) / (2k+1)!: the Taylor series of sin(πx), exact to float64 for |x| ≤ ½.
struct SinPiSeries {
  static constexpr int kTerms = 12;
  double terms[kTerms];
  constexpr SinPiSeries() : terms() {
    long double term = std::numbers::pi_v<long double>;
    for (int k = 0; k < kTerms; ++k) {
      terms[k] = static_cast<double>(term);
      term *= -std::numbers::pi_v<long double> * std::numbers::pi_v<long double> /
              ((2 * k + 2) * (2 * k + 3));
    }
  }
};
constexpr SinPiSeries kSinPi;

AUDIOLDM_INLINE double SinPi(double x) {  // |x| ≤ ½
  const double square = x * x;
  double sum = kSinPi.terms[SinPiSeries::kTerms - 1];
  for (int k = SinPiSeries::kTerms - 2; k >= 0; --k) sum = sum * square + kSinPi.terms[k];
  return sum * x;
}

// Without a branch, which would keep it out of vectors: at 0 the quotient of two tiny numbers is 1.
AUDIOLDM_INLINE double Sinc(double t) {
  t += 1e-300;
  const double whole = (t + kRounder) - kRounder;
  const double even = 2 * ((0.5 * whole + kRounder) - kRounder);
  const double sign = 1 - 2 * std::fabs(whole - even);
  return sign * SinPi(t - whole) / (std::numbers::pi * t);
}

struct Shape {
  double stride, crossings_per_d, inverse_width, gain;
  const double* series;
  int terms;
};

// A block of kLanes taps. Beyond the reach, where there may be lanes that nobody asked for, their
// values mean nothing.
AUDIOLDM_INLINE void Block(const Shape& shape, double d, double* taps) {
  double t[kLanes], rest[kLanes], window[kLanes];
  for (int i = 0; i < kLanes; ++i) {
    t[i] = (d + i * shape.stride) * shape.crossings_per_d;
    rest[i] = std::fabs(1 - std::fabs(t[i]) * shape.inverse_width);
  }
  if (shape.terms == 0) {
    for (int i = 0; i < kLanes; ++i) {
      const double root = SinPi(0.5 * rest[i]);
      window[i] = root * root;
    }
  } else {
    for (int i = 0; i < kLanes; ++i) {
      rest[i] *= 2 - rest[i];  // 1 − u² = (1 − u)(1 + u)
      window[i] = shape.series[shape.terms - 1];
    }
    for (int k = shape.terms - 2; k >= 0; --k) {
      for (int i = 0; i < kLanes; ++i) window[i] = window[i] * rest[i] + shape.series[k];
    }
  }
  for (int i = 0; i < kLanes; ++i) taps[i] = shape.gain * Sinc(t[i]) * window[i];
}

AUDIOLDM_INLINE void AllTaps(const Shape& shape, int64_t d, int64_t count, double* taps) {
  int64_t done = 0;
  for (; done + kLanes <= count; done += kLanes) {
    Block(shape, static_cast<double>(d) + done * shape.stride, taps + done);
  }
  if (done == count) return;
  double last[kLanes];
  Block(shape, static_cast<double>(d) + done * shape.stride, last);
  std::copy(last, last + (count - done), taps + done);
}

void TapsBaseline(const Shape& shape, int64_t d, int64_t count, double* taps) {
  AllTaps(shape, d, count, taps);
}
AUDIOLDM_AVX2 void TapsAvx2(const Shape& shape, int64_t d, int64_t count, double* taps) {
  AllTaps(shape, d, count, taps);
}

AUDIOLDM_INLINE double LaneDot(const double* a, const double* b, int64_t count) {
  double sums[kLanes] = {};
  int64_t k = 0;
  for (; k + kLanes <= count; k += kLanes) {
    for (int i = 0; i < kLanes; ++i) sums[i] += a[k + i] * b[k + i];
  }
  double rest = 0;
  for (; k < count; ++k) rest += a[k] * b[k];
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0] + rest;
}

double DotBaseline(const double* a, const double* b, int64_t count) { return LaneDot(a, b, count); }
AUDIOLDM_AVX2 double DotAvx2(const double* a, const double* b, int64_t count) {
  return LaneDot(a, b, count);
}

// I₀(β √w) / I₀(β) = Σ (β²/4)^k / (k!)² · w^k / I₀(β): all terms positive, so it loses no digits.
std::vector<double> KaiserSeries(double beta) {
  std::vector<double> series;
  double sum = 0;
  for (double term = 1; series.empty() || term > 1e-18 * sum || series.size() < beta;) {
    series.push_back(term);
    sum += term;
    const double k = static_cast<double>(series.size());
    term *= beta * beta / 4 / (k * k);
  }
  for (double& term : series) term /= sum;
  return series;
}

}  // namespace

SincFilter::SincFilter(int64_t rate, int64_t target_rate, const SincFilterSpec& spec)
    : stride_(target_rate), width_(static_cast<double>(spec.lowpass_filter_width)) {
  const double higher = static_cast<double>(std::max(rate, target_rate));
  reach_ = static_cast<int64_t>(std::floor(width_ * higher / spec.rolloff));
  crossings_per_d_ = spec.rolloff / higher;
  gain_ = spec.rolloff * static_cast<double>(std::min(rate, target_rate)) / rate;
  if (spec.beta != 0) series_ = KaiserSeries(spec.beta);
}

void SincFilter::Taps(int64_t d, int64_t count, double* taps) const {
  static const auto run = HasAvx2() ? TapsAvx2 : TapsBaseline;
  run({static_cast<double>(stride_), crossings_per_d_, 1 / width_, gain_, series_.data(),
       static_cast<int>(series_.size())},
      d, count, taps);
}

double Dot(const double* a, const double* b, int64_t count) {
  static const auto run = HasAvx2() ? DotAvx2 : DotBaseline;
  return run(a, b, count);
}

}  // namespace audioldm
