#pragma once

#include <cstdint>
#include <vector>

namespace audioldm {

// The windowed sinc of torchaudio.functional.resample (src/torchaudio/functional/functional.py of
// pytorch/audio).
struct SincFilterSpec {
  int64_t lowpass_filter_width = 6;  // zero crossings on either side
  double rolloff = 0.99;             // the cut-off as a fraction of the lower Nyquist frequency
  double beta = 0;                   // of the Kaiser window; 0: the Hann window
};

// The taps that take samples at `rate` to samples at `target_rate` (coprime), in float64.
//
// Sample i lies at i / rate and output j at j / target_rate, so their distance is a whole multiple
// of 1 / (rate · target_rate): d = i · target_rate − j · rate. The tap is a function of d alone:
//
//   t = d · rolloff / max(rate, target_rate)        (the distance in zero crossings)
//   h = rolloff · min(1, target_rate / rate) · sinc(t) · window(t / lowpass_filter_width)
//   window(u) = cos²(πu / 2)  or  I₀(β √(1 − u²)) / I₀(β)
//
// and zero beyond lowpass_filter_width crossings. (There torchaudio clamps t, which leaves rounding
// noise of about 1e-16 in place of the zeros; and it rounds β and I₀(β) to float32 whatever the
// type of the waveform, so its Kaiser filters differ by 1e-7 of the result.)
class SincFilter {
 public:
  SincFilter(int64_t rate, int64_t target_rate, const SincFilterSpec& spec);

  // The largest |d| of a tap that is not zero.
  int64_t reach() const { return reach_; }

  // The taps of `count` samples on end, the first at distance `d`, all within reach.
  void Taps(int64_t d, int64_t count, double* taps) const;

 private:
  int64_t stride_;  // between the d of neighbouring samples
  int64_t reach_;
  double crossings_per_d_;
  double width_;
  double gain_;
  // The Kaiser window as Σ series[k] · (1 − u²)^k; empty for Hann.
  std::vector<double> series_;
};

// Σ a[k] · b[k], added up in an order that depends on `count` alone.
double Dot(const double* a, const double* b, int64_t count);

}  // namespace audioldm
