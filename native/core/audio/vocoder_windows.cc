#include "audio/vocoder_windows.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tensor/error.h"
#include "tensor/wrap.h"

namespace audioldm {
namespace {

// The samples of mel frames [first, last), with the tail when `last` is the end of the mel.
at::Tensor Window(const VocoderFn& vocoder, const VocoderGeometry& geometry, const at::Tensor& mel,
                  int64_t first, int64_t last, bool loop) {
  const int64_t frames = mel.size(1);
  const int64_t before = first - geometry.context;
  const int64_t after = last + geometry.context;
  const int64_t from = loop ? before : std::max<int64_t>(0, before);
  const int64_t to = loop ? after : std::min(frames, after);
  const at::Tensor wave = vocoder(loop ? Wrapped(mel, 1, from, to) : mel.slice(1, from, to));
  const int64_t expected = geometry.hop * (to - from) + geometry.tail;
  if (wave.dim() != 2 || wave.size(0) != 1 || wave.size(1) != expected) {
    throw Error(ErrorCode::kEngineFailed, "The vocoder gave " + std::to_string(wave.size(-1)) +
                                              " samples for " + std::to_string(to - from) +
                                              " mel frames where its configuration says " +
                                              std::to_string(expected) + ".");
  }
  const int64_t start = geometry.hop * (first - from);
  const int64_t end = last == frames && !loop ? expected : geometry.hop * (last - from);
  return wave.select(0, 0).slice(0, start, end).to(at::kFloat).cpu();
}

}  // namespace

at::Tensor Vocode(const VocoderFn& vocoder, const VocoderGeometry& geometry, const at::Tensor& mel,
                  int64_t window, bool loop, int64_t samples, const VocoderCallbacks& callbacks) {
  const int64_t frames = mel.size(1);
  const int64_t wanted = std::min(samples, geometry.hop * frames + (loop ? 0 : geometry.tail));
  const int64_t step = window > 0 ? window : frames;
  std::vector<at::Tensor> stretches;
  for (int64_t first = 0, start = 0; first < frames && start < wanted; first += step) {
    if (callbacks.cancelled()) throw Aborted();
    const int64_t last = std::min(frames, first + step);
    // A stretch of its own memory, so that a listener who keeps it keeps no more than it.
    const at::Tensor stretch = Window(vocoder, geometry, mel, first, last, loop)
                                   .slice(0, 0, wanted - start)
                                   .clone(at::MemoryFormat::Contiguous);
    callbacks.on_samples(start, stretch);
    start += stretch.size(0);
    stretches.push_back(stretch);
  }
  return stretches.empty() ? at::empty({0}, at::kFloat) : at::cat(stretches);
}

}  // namespace audioldm
