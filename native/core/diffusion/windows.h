#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace audioldm {

// How a clip longer than a network was trained on is cut, in latent frames.
struct WindowSpec {
  int64_t frames = 0;   // of a window
  int64_t overlap = 0;  // that neighbours share at least; less than `frames`
};

// Windows of equal length over a clip: the fewest that overlap as asked, spread evenly from its
// first frame to its last. A clip that is no longer than one window is its own window.
class Windows {
 public:
  // `total` latent frames, at least 1. Without a spec: one window. Throws Error (kEngineFailed)
  // for a spec that makes no sense.
  Windows(int64_t total, const std::optional<WindowSpec>& spec);

  int64_t count() const { return count_; }
  int64_t frames() const { return frames_; }
  int64_t total() const { return total_; }
  int64_t start(int64_t window) const;

  // How much the windows count, where each of their frames has `values` values: float32
  // [count, values · frames]. A window fades in over what it shares with the one before it and out
  // over what it shares with the next (sin²); wherever windows overlap their weights sum to 1, and
  // where there is but one its weight is exactly 1.
  at::Tensor Weights(int64_t values = 1) const;

 private:
  int64_t total_;
  int64_t frames_;
  int64_t count_ = 1;
};

// A weighted sum of what was computed for each window of a clip.
class Blend {
 public:
  // `windows` must outlive this.
  explicit Blend(const Windows& windows) : windows_(windows) {}

  // [B, C, values · frames, F], with the same `values` for every window.
  void Add(int64_t window, const at::Tensor& values);

  // Float32 [B, C, values · total, F].
  const at::Tensor& Sum() const { return sum_; }

 private:
  const Windows& windows_;
  int64_t values_ = 0;
  at::Tensor weights_;
  at::Tensor sum_;
};

}  // namespace audioldm
