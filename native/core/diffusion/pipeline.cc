#include "diffusion/pipeline.h"

#include <ATen/ATen.h>

#include <future>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "diffusion/condition.h"
#include "diffusion/prediction.h"
#include "diffusion/registry.h"
#include "diffusion/running.h"
#include "diffusion/sampler.h"
#include "diffusion/vae_windows.h"
#include "ops/onednn.h"
#include "tensor/device.h"
#include "tensor/error.h"
#include "tensor/stopwatch.h"
#include "tensor/trim.h"
#include "tensor/wrap.h"

namespace audioldm {
namespace {

// Latent frames of a loop that a network is given before its beginning and after its end: those of
// the other end, so that both are computed in the surroundings that they are heard in. What lies
// further away reaches a frame through attention and normalisation alone, which see all of them.
constexpr int64_t kLoopMargin = 32;

// The files that hold a part's weights. LoadWeight reports a weight whose file was not given.
MappedFiles FilesOf(const PartSpec& part, const MappedFiles& files) {
  std::set<std::shared_ptr<MappedFile>> used;
  for (const WeightView& weight : part.weights) {
    if (weight.file < files.size()) used.insert(files[weight.file]);
  }
  return MappedFiles(used.begin(), used.end());
}

// Rows of length 1 (or 0, where they are 0), as torch.nn.functional.normalize makes them.
at::Tensor Normalised(const at::Tensor& rows) {
  return rows / rows.norm(2, -1, true).clamp_min(1e-12);
}

MappedFiles Opened(const std::vector<std::string>& paths) {
  MappedFiles files;
  for (const std::string& path : paths) files.push_back(MappedFile::Open(path));
  return files;
}

// Weights that are not prepacked lie channels last.
WeightPlacement PlacementOf(const PipelineSpec& spec) {
  const at::Device device = ParseDevice(spec.device);
  return {device, spec.dtype, /*channels_last=*/!(device.is_cpu() && onednn::Available())};
}

void CheckMels(const at::Tensor& mels, int64_t bands, size_t clips) {
  if (mels.dim() == 3 && mels.size(0) == static_cast<int64_t>(clips) && clips > 0 &&
      mels.size(1) > 0 && mels.size(2) == bands) {
    return;
  }
  throw Error(ErrorCode::kEngineFailed, "The mel spectrograms are " + c10::str(mels.sizes()) +
                                            "; this model needs [" + std::to_string(clips) +
                                            ", frames, " + std::to_string(bands) + "].");
}

void CheckLatents(const at::Tensor& latents, int64_t channels, int64_t bins, size_t clips) {
  if (latents.dim() != 4 || latents.size(1) != channels || latents.size(2) < 1 ||
      latents.size(3) != bins || latents.size(0) != static_cast<int64_t>(clips) || clips == 0) {
    throw Error(ErrorCode::kEngineFailed, "The latents are " + c10::str(latents.sizes()) +
                                              "; this model needs [" + std::to_string(clips) +
                                              ", " + std::to_string(channels) + ", frames, " +
                                              std::to_string(bins) + "].");
  }
}

}  // namespace

Pipeline::Pipeline(const PipelineSpec& spec, const std::function<bool()>& cancelled)
    : Pipeline(spec, Opened(spec.files), PlacementOf(spec), cancelled) {}

Pipeline::Pipeline(const PipelineSpec& spec, const MappedFiles& files,
                   const WeightPlacement& placement, const std::function<bool()>& cancelled)
    : device_(placement.device),
      scaling_factor_(spec.scaling_factor),
      latent_channels_(spec.latent_channels),
      latent_bins_(spec.latent_bins),
      vae_factor_(spec.vae_factor),
      alphas_cumprod_(spec.alphas_cumprod),
      vocoder_geometry_(spec.vocoder_geometry),
      latent_encoder_(spec, files, placement),
      audio_encoder_("audio encoder", spec.audio_encoder, files, placement) {
  const auto load = [&](const PartSpec& part, bool cpu_kernels) {
    ThrowIfCancelled(cancelled);
    return Guarded("loading a part of the model",
                   [&] { return LoadForInference(part, files, placement, cpu_kernels); });
  };
  // Float32 text weights are used where they lie in the file, so that they can leave memory between
  // one encoding and the next: a prompt a clip does not earn back a packed copy of 340 MB.
  const bool text_in_place = device_.is_cpu() && spec.dtype == at::kFloat;
  if (text_in_place) text_files_ = FilesOf(spec.text_encoder, files);
  // What takes time is TorchScript's work on the graphs, which uses one thread.
  auto others = std::async(std::launch::async, [&] {
    text_encoder_ = load(spec.text_encoder, !text_in_place);
    vae_decoder_ = load(spec.vae_decoder, true);
    vocoder_ = load(spec.vocoder, true);
  });
  unet_ = load(spec.unet, true);
  others.get();
  TrimMemory();
}

at::Tensor Pipeline::EncodeText(const std::vector<TokenIds>& prompts,
                                const std::function<bool()>& cancelled) {
  const c10::InferenceMode inference;
  return Guarded("encoding the prompts", [&] {
    std::map<TokenIds, at::Tensor> known;
    std::vector<at::Tensor> rows;
    for (const TokenIds& prompt : prompts) {
      at::Tensor& row = known[prompt];
      if (!row.defined()) {
        ThrowIfCancelled(cancelled);
        const at::Tensor ids = at::tensor(prompt, at::kLong).unsqueeze(0).to(device_);
        row = Normalised(Run(text_encoder_, {ids, at::ones_like(ids)}).to(at::kFloat));
      }
      rows.push_back(row);
    }
    for (const auto& file : text_files_) file->AdviseDontNeed(0, file->size());
    return at::cat(rows);
  });
}

at::Tensor Pipeline::EmbedAudio(const at::Tensor& waveforms,
                                const std::function<bool()>& cancelled) {
  const c10::InferenceMode inference;
  CheckWaveforms(waveforms);
  return Guarded("embedding the audio", [&] {
    torch::jit::Module& encoder = audio_encoder_.Get();
    std::vector<at::Tensor> rows;
    for (const at::Tensor& clip : waveforms.split(1)) {
      ThrowIfCancelled(cancelled);
      rows.push_back(Normalised(Run(encoder, {clip.to(device_, at::kFloat)}).to(at::kFloat)));
    }
    TrimMemory();
    return at::cat(rows);
  });
}

at::Tensor Pipeline::DecodeMel(const at::Tensor& latents, const DecodeRequest& request,
                               const std::function<bool()>& cancelled) {
  return Guarded("decoding the latents", [&] {
    const VaeDecoderFn decoder = [this](const at::Tensor& z) { return Run(vae_decoder_, {z}); };
    const int64_t frames = latents.size(2);
    const int64_t margin = request.loop ? kLoopMargin : 0;
    at::Tensor z = latents.to(at::kFloat) / scaling_factor_;
    if (request.loop) z = Wrapped(z, 2, -margin, frames + margin);
    const Windows windows(z.size(2), request.windows);
    return DecodeInWindows(decoder, z, windows, cancelled)
        .squeeze(1)
        .narrow(1, vae_factor_ * margin, vae_factor_ * frames);
  });
}

void Pipeline::VocodeClip(int64_t clip, const at::Tensor& mel, const DecodeRequest& request,
                          const PipelineCallbacks& callbacks, PipelineResult& result) {
  const Stopwatch stopwatch;
  const VocoderFn vocoder = [this](const at::Tensor& part) { return Run(vocoder_, {part}); };
  const VocoderCallbacks windows{[&](int64_t start, const at::Tensor& samples) {
                                   callbacks.on_audio(clip, start, samples);
                                   TrimMemory();
                                 },
                                 callbacks.cancelled};
  result.waveforms.push_back(Guarded("running the vocoder", [&] {
    return audioldm::Vocode(vocoder, vocoder_geometry_, mel, request.window_frames, request.loop,
                            request.samples[clip], windows);
  }));
  result.timings.vocoder_ms += stopwatch.ElapsedMs();
}

PipelineResult Pipeline::Vocode(const at::Tensor& mels, const DecodeRequest& request,
                                const PipelineCallbacks& callbacks) {
  const c10::InferenceMode inference;
  CheckMels(mels, latent_bins_ * vae_factor_, request.samples.size());
  PipelineResult result;
  for (int64_t clip = 0; clip < mels.size(0); ++clip) {
    ThrowIfCancelled(callbacks.cancelled);
    const at::Tensor mel = mels.slice(0, clip, clip + 1).to(device_, at::kFloat);
    VocodeClip(clip, mel, request, callbacks, result);
  }
  return result;
}

PipelineResult Pipeline::DecodeLatents(const at::Tensor& latents, const DecodeRequest& request,
                                       const PipelineCallbacks& callbacks) {
  const c10::InferenceMode inference;
  CheckLatents(latents, latent_channels_, latent_bins_, request.samples.size());
  PipelineResult result;
  for (int64_t clip = 0; clip < latents.size(0); ++clip) {
    ThrowIfCancelled(callbacks.cancelled);
    const Stopwatch vae_stopwatch;
    const at::Tensor mel =
        DecodeMel(latents.slice(0, clip, clip + 1).to(device_), request, callbacks.cancelled);
    Synchronize(device_);
    TrimMemory();
    result.timings.vae_ms += vae_stopwatch.ElapsedMs();
    VocodeClip(clip, mel, request, callbacks, result);
  }
  return result;
}

FeatureCache Pipeline::CachedUNet(int64_t every) {
  if (every > 1 && !cut_unet_) cut_unet_ = CutFeatures(unet_);
  return {every,
          [this](const auto& sample, const auto& timestep, const auto& labels) {
            const auto both = cut_unet_->whole.forward({sample, timestep, labels}).toTuple();
            return std::pair(both->elements()[0].toTensor(), both->elements()[1].toTensor());
          },
          [this](const auto& sample, const auto& timestep, const auto& labels, const auto& deep) {
            return Run(cut_unet_->shallow, {sample, timestep, labels, deep});
          }};
}

at::Tensor Pipeline::Denoise(const GenerateRequest& request, const PipelineCallbacks& callbacks,
                             Timings& timings) {
  SchedulerConfig config = request.scheduler_config;
  config.alphas_cumprod = alphas_cumprod_;
  const auto scheduler = CreateScheduler(request.scheduler, config);
  const std::vector<int64_t> shape = {latent_channels_, request.latent_frames, latent_bins_};
  const Source source =
      Guarded("reading the init", [&] { return SourceOf(request, shape, device_); });
  if (source.first_step == config.steps) return source.latents;

  const int64_t frames = request.latent_frames;
  const int64_t margin = request.decode.loop ? kLoopMargin : 0;
  const Windows windows(frames + 2 * margin, request.decode.windows);
  const Stopwatch text_stopwatch;
  const Condition condition = Guarded("reading the embeddings", [&] {
    return ConditionOf(request.clips, windows.count(), device_, [&](const auto& prompts) {
      return EncodeText(prompts, callbacks.cancelled);
    });
  });
  Synchronize(device_);
  timings.text_ms = text_stopwatch.ElapsedMs();

  return Guarded("running the UNet", [&] {
    std::vector<uint64_t> seeds;
    for (const ClipRequest& clip : request.clips) seeds.push_back(clip.seed);
    Noise noise(seeds, shape, device_);
    FeatureCache cache = CachedUNet(request.feature_cache);
    const UNetFn unet = [&](const at::Tensor& sample, const at::Tensor& timestep,
                            const at::Tensor& labels) {
      return request.feature_cache > 1 ? cache(sample, timestep, labels)
                                       : Run(unet_, {sample, timestep, labels});
    };
    const Prediction prediction(unet, condition, windows, callbacks.cancelled);
    const PredictFn predict = [&](const at::Tensor& sample, float timestep) {
      cache.NextStep();
      if (margin == 0) return prediction.Predict(sample, timestep);
      return prediction.Predict(Wrapped(sample, 2, -margin, frames + margin), timestep)
          .narrow(2, margin, frames);
    };
    const SampleCallbacks steps{[&](int64_t step, const at::Tensor& latents) {
                                  callbacks.on_step(step, config.steps - source.first_step,
                                                    latents);
                                },
                                callbacks.cancelled};
    Samples samples = Sample({scheduler.get(), &noise, predict, source}, steps);
    timings.step_ms = std::move(samples.step_ms);
    TrimMemory();
    return samples.latents;
  });
}

PipelineResult Pipeline::Generate(const GenerateRequest& request,
                                  const PipelineCallbacks& callbacks) {
  const c10::InferenceMode inference;
  if (request.clips.empty() || request.latent_frames < 1 ||
      request.decode.samples.size() != request.clips.size()) {
    throw Error(ErrorCode::kEngineFailed,
                "A request needs clips, latent frames and a number of samples for each clip.");
  }
  Timings timings;
  const at::Tensor latents = Denoise(request, callbacks, timings);
  PipelineResult result = DecodeLatents(latents, request.decode, callbacks);
  timings.vae_ms = result.timings.vae_ms;
  timings.vocoder_ms = result.timings.vocoder_ms;
  result.timings = std::move(timings);
  return result;
}

}  // namespace audioldm
