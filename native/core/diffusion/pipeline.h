#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "diffusion/feature_cache.h"
#include "diffusion/latent_encoder.h"
#include "diffusion/lazy_part.h"
#include "diffusion/pipeline_spec.h"
#include "diffusion/request.h"
#include "diffusion/timings.h"
#include "diffusion/windows.h"
#include "module/feature_cut.h"

namespace audioldm {

// What a job tells while it runs, on the thread that runs it. Every member must be set.
struct PipelineCallbacks {
  // After each of the `steps` diffusion steps that are taken; float32 latents [B, C, t, f] on the
  // model's device, not to be written to, free to be kept.
  std::function<void(int64_t step, int64_t steps, const at::Tensor& latents)> on_step;
  // A stretch of clip `clip`'s waveform, float32 [n] on the CPU, from `start_sample` on; in order
  // and without gaps within a clip.
  std::function<void(int64_t clip, int64_t start_sample, const at::Tensor& samples)> on_audio;
  // Asked before each prompt, diffusion step, clip and window; true ends the job with Aborted.
  std::function<bool()> cancelled;
};

struct PipelineResult {
  std::vector<at::Tensor> waveforms;  // float32 [n] on the CPU, in clip order
  Timings timings;
};

// A loaded model that turns prompts into sound. Not thread-safe: all calls, the destructor
// included, come from one thread, on which ApplyInferenceJitSettings() was called. How many threads
// an operator uses is the caller's business.
//
// Methods throw Error: Aborted when cancelled, kOutOfMemory, else kEngineFailed.
class Pipeline {
 public:
  // Maps the files and binds the weights; see LoadArchive and Bind for what is thrown. `cancelled`
  // is asked before each part.
  Pipeline(const PipelineSpec& spec, const std::function<bool()>& cancelled);

  // L2-normalised text embeddings, float32 [B, E] on the model's device. Every prompt is encoded by
  // itself, so its embedding does not depend on the others; equal prompts are encoded once.
  at::Tensor EncodeText(const std::vector<TokenIds>& prompts,
                        const std::function<bool()>& cancelled);

  // L2-normalised audio embeddings, float32 [B, E] on the model's device, of waveforms as the audio
  // encoder takes them, [B, n]. Every clip is encoded by itself.
  at::Tensor EmbedAudio(const at::Tensor& waveforms, const std::function<bool()>& cancelled);

  // LatentEncoder::Encode.
  at::Tensor EncodeAudio(const at::Tensor& waveforms, const EncodeRequest& request,
                         const std::function<bool()>& cancelled) {
    return latent_encoder_.Encode(waveforms, request, cancelled);
  }

  // LatentEncoder::MelSpectrogram.
  at::Tensor MelSpectrogram(const at::Tensor& waveforms, const std::function<bool()>& cancelled) {
    return latent_encoder_.MelSpectrogram(waveforms, cancelled);
  }

  // Log-mel spectrograms [B, T, M], of any dtype and on any device → waveforms, clip by clip.
  PipelineResult Vocode(const at::Tensor& mels, const DecodeRequest& request,
                        const PipelineCallbacks& callbacks);

  // Latents [B, C, t, f] as the UNet sees them, on any device → waveforms, clip by clip.
  PipelineResult DecodeLatents(const at::Tensor& latents, const DecodeRequest& request,
                               const PipelineCallbacks& callbacks);

  // Prompts or embeddings → latents → mel → waveform. All clips are denoised as one batch and
  // decoded one after the other.
  PipelineResult Generate(const GenerateRequest& request, const PipelineCallbacks& callbacks);

 private:
  Pipeline(const PipelineSpec& spec, const MappedFiles& files, const WeightPlacement& placement,
           const std::function<bool()>& cancelled);
  FeatureCache CachedUNet(int64_t every);
  at::Tensor Denoise(const GenerateRequest& request, const PipelineCallbacks& callbacks,
                     Timings& timings);
  // Mel [1, T, M] on the model's device → the waveform of clip `clip`, added to the result.
  void VocodeClip(int64_t clip, const at::Tensor& mel, const DecodeRequest& request,
                  const PipelineCallbacks& callbacks, PipelineResult& result);
  // Latents [1, C, t, f] as the UNet sees them → mel [1, T, M] on the model's device.
  at::Tensor DecodeMel(const at::Tensor& latents, const DecodeRequest& request,
                       const std::function<bool()>& cancelled);

  at::Device device_;
  double scaling_factor_;
  int64_t latent_channels_;
  int64_t latent_bins_;
  int64_t vae_factor_;
  std::vector<double> alphas_cumprod_;
  VocoderGeometry vocoder_geometry_;
  torch::jit::Module unet_;
  std::optional<CutUNet> cut_unet_;  // once it was asked for
  torch::jit::Module vae_decoder_;
  torch::jit::Module vocoder_;
  torch::jit::Module text_encoder_;
  LatentEncoder latent_encoder_;
  LazyPart audio_encoder_;
  MappedFiles text_files_;  // whose pages may go after each use of the text encoder
};

}  // namespace audioldm
