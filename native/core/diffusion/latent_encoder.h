#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "diffusion/lazy_part.h"
#include "diffusion/pipeline_spec.h"
#include "diffusion/request.h"

namespace audioldm {

// Waveforms → latents, through the mel front-end and the VAE's encoder, which are loaded when they
// are first used. Throws as Pipeline does.
class LatentEncoder {
 public:
  LatentEncoder(const PipelineSpec& spec, const MappedFiles& files,
                const WeightPlacement& placement);

  // Waveforms [B, n] at the model's rate → log-mel spectrograms as the VAE's encoder sees them,
  // float32 [B, n / hop, M] on the model's device. n is a multiple of the hop.
  at::Tensor MelSpectrogram(const at::Tensor& waveforms, const std::function<bool()>& cancelled);

  // Waveforms [B, n] at the model's rate → latents as the UNet sees them, float32 [B, C, t, f] on
  // the model's device. n is a multiple of what a latent frame covers. With request.moments: the
  // posteriors [B, 2C, t, f], of the VAE's own scale.
  at::Tensor Encode(const at::Tensor& waveforms, const EncodeRequest& request,
                    const std::function<bool()>& cancelled);

 private:
  // [1, n] → [1, 1, n / hop, M].
  at::Tensor MelOf(const at::Tensor& waveform);

  at::Device device_;
  double scaling_factor_;
  int64_t hop_;     // samples per mel frame
  int64_t factor_;  // mel frames per latent frame
  LazyPart mel_spectrogram_;
  LazyPart vae_encoder_;
};

// Throws Error (kEngineFailed) unless there are clips [B, n] with samples.
void CheckWaveforms(const at::Tensor& waveforms);

}  // namespace audioldm
