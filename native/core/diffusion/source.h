#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "diffusion/request.h"

namespace audioldm {

// What a run starts from besides noise. Without latents it starts from noise alone.
struct Source {
  at::Tensor latents;      // x₀, float32 [B, C, T, F] on the noise's device; may be undefined
  at::Tensor mask;         // float32 [B, 1, T, F]: 1 keeps x₀, 0 does not; undefined: nothing kept
  int64_t first_step = 0;  // steps left out at the start: 0 … all

  // The kept share of `known` and the rest of `latents`; exactly one of them where the mask is 1
  // or 0.
  at::Tensor Keep(const at::Tensor& known, const at::Tensor& latents) const;
};

// The source of a batch; in it, a clip without a mask keeps nothing. `clip_shape` is [C, T, F].
// Throws Error (kEngineFailed) for a first step beyond the last, for tensors of another shape and
// where an init is missing.
Source SourceOf(const GenerateRequest& request, at::IntArrayRef clip_shape, at::Device device);

}  // namespace audioldm
