#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace audioldm {

// The short-time Fourier transform of a signal that already has its padding at both ends.
struct Framing {
  int64_t size;  // samples to a frame, transformed as they are: size / 2 + 1 bins
  int64_t hop;
};

// 1 + ⌊(length − size) / hop⌋, 0 for a signal shorter than a frame.
int64_t FrameCount(int64_t length, const Framing& framing);

// Calls `take` with the magnitudes […, frames, bins] of a thousand frames after another, in order;
// `first` is the first one's index. Each frame of `signal`, float64 […, length], is weighted with
// a periodic Hann window.
void Magnitudes(const at::Tensor& signal, const Framing& framing,
                const std::function<void(int64_t first, const at::Tensor& magnitudes)>& take);

// Slaney's mel filters as librosa.filters.mel has them: [bands, size / 2 + 1] in float64, for
// frames of `size` samples at `rate`. Triangles between bands + 2 frequencies from `low` to `high`
// Hz, equally far apart on a scale that is linear below 1000 Hz (200/3 Hz a mel) and logarithmic
// above (6.4 times in 27 mel), each of area 1 over frequency in Hz, half its base times its height.
at::Tensor MelFilters(double rate, int64_t size, int64_t bands, double low, double high);

}  // namespace audioldm
