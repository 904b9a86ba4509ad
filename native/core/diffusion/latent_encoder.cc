#include "diffusion/latent_encoder.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <optional>
#include <string>
#include <vector>

#include "diffusion/posterior.h"
#include "diffusion/running.h"
#include "diffusion/vae_windows.h"
#include "tensor/error.h"
#include "tensor/trim.h"

namespace audioldm {

void CheckWaveforms(const at::Tensor& waveforms) {
  if (waveforms.dim() == 2 && waveforms.numel() > 0) return;
  throw Error(ErrorCode::kEngineFailed, "The waveforms are " + c10::str(waveforms.sizes()) +
                                            "; they must be [clips, samples].");
}

namespace {

void CheckMultiple(int64_t samples, int64_t frame) {
  if (frame >= 1 && samples % frame == 0) return;
  throw Error(ErrorCode::kEngineFailed, "The waveforms have " + std::to_string(samples) +
                                            " samples; this model needs a multiple of " +
                                            std::to_string(frame) + ".");
}

void CheckMel(const at::Tensor& mel, int64_t frames) {
  if (mel.dim() == 4 && mel.size(2) == frames) return;
  throw Error(ErrorCode::kEngineFailed, "The mel front-end gave " + c10::str(mel.sizes()) +
                                            " where " + std::to_string(frames) +
                                            " frames are expected.");
}

}  // namespace

LatentEncoder::LatentEncoder(const PipelineSpec& spec, const MappedFiles& files,
                             const WeightPlacement& placement)
    : device_(placement.device),
      scaling_factor_(spec.scaling_factor),
      hop_(spec.vocoder_geometry.hop),
      factor_(spec.vae_factor),
      mel_spectrogram_("mel front-end", spec.mel_spectrogram, files, placement),
      vae_encoder_("VAE encoder", spec.vae_encoder, files, placement) {}

at::Tensor LatentEncoder::MelOf(const at::Tensor& waveform) {
  at::Tensor mel = Run(mel_spectrogram_.Get(), {waveform.to(device_, at::kFloat)});
  CheckMel(mel, waveform.size(1) / hop_);
  return mel;
}

at::Tensor LatentEncoder::MelSpectrogram(const at::Tensor& waveforms,
                                         const std::function<bool()>& cancelled) {
  const c10::InferenceMode inference;
  CheckWaveforms(waveforms);
  CheckMultiple(waveforms.size(1), hop_);
  return Guarded("computing the mel spectrogram", [&] {
    std::vector<at::Tensor> mels;
    for (const at::Tensor& waveform : waveforms.split(1)) {
      ThrowIfCancelled(cancelled);
      mels.push_back(MelOf(waveform).squeeze(1));
    }
    TrimMemory();
    return at::cat(mels);
  });
}

at::Tensor LatentEncoder::Encode(const at::Tensor& waveforms, const EncodeRequest& request,
                                 const std::function<bool()>& cancelled) {
  const c10::InferenceMode inference;
  CheckWaveforms(waveforms);
  const int64_t clips = waveforms.size(0);
  const int64_t samples = waveforms.size(1);
  int64_t frame = 0;
  if (__builtin_mul_overflow(hop_, factor_, &frame)) frame = 0;
  CheckMultiple(samples, frame);
  if (!request.moments && request.seeds && static_cast<int64_t>(request.seeds->size()) != clips) {
    throw Error(ErrorCode::kEngineFailed, "There are " + std::to_string(request.seeds->size()) +
                                              " seeds for " + std::to_string(clips) +
                                              " waveforms.");
  }
  return Guarded("encoding the audio", [&] {
    torch::jit::Module& vae = vae_encoder_.Get();
    const VaeEncoderFn encoder = [&](const at::Tensor& mel) { return Run(vae, {mel}); };
    const Windows windows(samples / frame, request.windows);
    std::vector<at::Tensor> latents;
    for (int64_t clip = 0; clip < clips; ++clip) {
      ThrowIfCancelled(cancelled);
      const at::Tensor mel = MelOf(waveforms.narrow(0, clip, 1));
      const at::Tensor moments = EncodeInWindows(encoder, mel, windows, cancelled);
      if (request.moments) {
        latents.push_back(moments.to(at::kFloat).contiguous());
      } else {
        const auto seed = request.seeds ? std::optional((*request.seeds)[clip]) : std::nullopt;
        latents.push_back(PosteriorSample(moments, seed) * scaling_factor_);
      }
      TrimMemory();
    }
    return at::cat(latents);
  });
}

}  // namespace audioldm
