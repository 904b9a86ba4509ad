#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace audioldm {

// The vocoder: mel [1, T, M] → waveform [1, N] with N = hop · T + tail.
using VocoderFn = std::function<at::Tensor(const at::Tensor&)>;

// What a vocoder's samples depend on.
struct VocoderGeometry {
  int64_t hop = 160;     // samples per mel frame
  int64_t tail = 32;     // samples beyond hop · T
  int64_t context = 32;  // frames on either side of a window that its samples depend on
};

struct VocoderCallbacks {
  // A stretch of the waveform, float32 [n] on the CPU, and the sample it starts at. Stretches come
  // in order and without gaps; together they are the result.
  std::function<void(int64_t start, const at::Tensor& samples)> on_samples;
  // Asked before each window.
  std::function<bool()> cancelled;
};

// Runs the vocoder over one clip's mel [1, T, M] in windows of `window` frames, each with its
// context on either side, of which it keeps the samples hop · first … hop · last (the last window:
// to the end). Equal to one run over the whole mel, which `window` 0 asks for, up to rounding.
// Of a `loop` the mel goes round: the context of its ends lies at the other end, and there is no
// tail.
//
// Returns the first `samples` samples (all there are, if fewer), float32 [n] on the CPU. Windows
// beyond them are not computed. Throws Aborted when cancelled, Error (kEngineFailed) when the
// vocoder does not give hop · T + tail samples.
at::Tensor Vocode(const VocoderFn& vocoder, const VocoderGeometry& geometry, const at::Tensor& mel,
                  int64_t window, bool loop, int64_t samples, const VocoderCallbacks& callbacks);

}  // namespace audioldm
