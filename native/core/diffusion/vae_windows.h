#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "diffusion/windows.h"

namespace audioldm {

// The VAE's decoder: z [1, C, t, f] → log-mel [1, 1, factor · t, M].
using VaeDecoderFn = std::function<at::Tensor(const at::Tensor&)>;

// Runs the decoder over a clip in windows and blends their log-mel spectrograms. The decoder
// normalises over all it is given, and attends to all of it, so a window is not what the whole
// would be there; within a window's length both are the same run.
//
// `cancelled` is asked before each window; throws Aborted.
at::Tensor DecodeInWindows(const VaeDecoderFn& decoder, const at::Tensor& z, const Windows& windows,
                           const std::function<bool()>& cancelled);

// The VAE's encoder: log-mel [1, 1, factor · t, M] → moments [1, 2C, t, f].
using VaeEncoderFn = std::function<at::Tensor(const at::Tensor&)>;

// Runs the encoder over a clip's spectrogram in windows, as above, and blends their moments.
at::Tensor EncodeInWindows(const VaeEncoderFn& encoder, const at::Tensor& mel,
                           const Windows& windows, const std::function<bool()>& cancelled);

}  // namespace audioldm
