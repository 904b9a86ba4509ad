#include "diffusion/vae_windows.h"

#include <ATen/ATen.h>

#include "tensor/error.h"

namespace audioldm {
namespace {

// `compute` for each window, given its first latent frame and the one after its last.
template <typename Compute>
at::Tensor InWindows(const Windows& windows, const std::function<bool()>& cancelled,
                     const Compute& compute) {
  if (windows.count() == 1) return compute(0, windows.total());
  Blend blend(windows);
  for (int64_t k = 0; k < windows.count(); ++k) {
    if (cancelled()) throw Aborted();
    blend.Add(k, compute(windows.start(k), windows.start(k) + windows.frames()));
  }
  return blend.Sum();
}

}  // namespace

at::Tensor DecodeInWindows(const VaeDecoderFn& decoder, const at::Tensor& z, const Windows& windows,
                           const std::function<bool()>& cancelled) {
  return InWindows(windows, cancelled, [&](int64_t start, int64_t end) {
    return decoder(z.slice(2, start, end).contiguous(at::MemoryFormat::ChannelsLast));
  });
}

at::Tensor EncodeInWindows(const VaeEncoderFn& encoder, const at::Tensor& mel,
                           const Windows& windows, const std::function<bool()>& cancelled) {
  const int64_t factor = mel.size(2) / windows.total();
  return InWindows(windows, cancelled, [&](int64_t start, int64_t end) {
    return encoder(mel.slice(2, factor * start, factor * end));
  });
}

}  // namespace audioldm
