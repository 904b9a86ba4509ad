#include "diffusion/pipeline.h"

#include <ATen/ATen.h>

#include <future>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "diffusion/guidance.h"
#include "diffusion/registry.h"
#include "diffusion/sampler.h"
#include "module/cpu_pass.h"
#include "ops/onednn.h"
#include "tensor/device.h"
#include "tensor/error.h"
#include "tensor/serial_section.h"
#include "tensor/stopwatch.h"
#include "tensor/trim.h"

namespace audioldm {
namespace {

// Runs `work`; what it throws comes out as an Error.
template <typename Work>
auto Guarded(const char* doing, const Work& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw AsError(std::current_exception(), doing);
  }
}

void ThrowIfCancelled(const std::function<bool()>& cancelled) {
  if (cancelled()) throw Aborted();
}

// The files that hold a part's weights. LoadWeight reports a weight whose file was not given.
MappedFiles FilesOf(const PartSpec& part, const MappedFiles& files) {
  std::set<std::shared_ptr<MappedFile>> used;
  for (const WeightView& weight : part.weights) {
    if (weight.file < files.size()) used.insert(files[weight.file]);
  }
  return MappedFiles(used.begin(), used.end());
}

at::Tensor Run(torch::jit::Module& module, std::vector<c10::IValue> inputs) {
  return module.forward(std::move(inputs)).toTensor();
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
    : device_(ParseDevice(spec.device)),
      scaling_factor_(spec.scaling_factor),
      latent_channels_(spec.latent_channels),
      latent_bins_(spec.latent_bins),
      alphas_cumprod_(spec.alphas_cumprod),
      vocoder_geometry_(spec.vocoder_geometry) {
  MappedFiles files;
  for (const std::string& file : spec.files) files.push_back(MappedFile::Open(file));
  const bool prepacks = device_.is_cpu() && onednn::Available();
  const WeightPlacement placement{device_, spec.dtype, /*channels_last=*/!prepacks};
  const auto load = [&](const PartSpec& part, bool cpu_kernels) {
    ThrowIfCancelled(cancelled);
    const at::NoGradGuard no_grad;
    const SerialSection serial;
    return Guarded("loading a part of the model", [&] {
      torch::jit::Module module = LoadPart(part, files, placement);
      if (device_.is_cpu() && cpu_kernels) UseCpuKernels(module);
      return module;
    });
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
        row = Run(text_encoder_, {ids, at::ones_like(ids)}).to(at::kFloat);
        row = row / row.norm(2, -1, true).clamp_min(1e-12);
      }
      rows.push_back(row);
    }
    for (const auto& file : text_files_) file->AdviseDontNeed(0, file->size());
    return at::cat(rows);
  });
}

at::Tensor Pipeline::DecodeMel(const at::Tensor& latents) {
  const c10::InferenceMode inference;
  return Guarded("decoding the latents", [&] {
    const at::Tensor z =
        (latents.to(at::kFloat) / scaling_factor_).contiguous(at::MemoryFormat::ChannelsLast);
    return Run(vae_decoder_, {z}).squeeze(1);
  });
}

PipelineResult Pipeline::DecodeLatents(const at::Tensor& latents, const DecodeRequest& request,
                                       const PipelineCallbacks& callbacks) {
  const c10::InferenceMode inference;
  CheckLatents(latents, latent_channels_, latent_bins_, request.samples.size());
  const VocoderFn vocoder = [this](const at::Tensor& mel) { return Run(vocoder_, {mel}); };
  PipelineResult result;
  for (int64_t clip = 0; clip < latents.size(0); ++clip) {
    ThrowIfCancelled(callbacks.cancelled);
    const Stopwatch vae_stopwatch;
    const at::Tensor mel = DecodeMel(latents.slice(0, clip, clip + 1).to(device_));
    Synchronize(device_);
    TrimMemory();
    result.timings.vae_ms += vae_stopwatch.ElapsedMs();

    const Stopwatch vocoder_stopwatch;
    const VocoderCallbacks windows{[&](int64_t start, const at::Tensor& samples) {
                                     callbacks.on_audio(clip, start, samples);
                                     TrimMemory();
                                   },
                                   callbacks.cancelled};
    result.waveforms.push_back(Guarded("running the vocoder", [&] {
      return Vocode(vocoder, vocoder_geometry_, mel, request.window_frames, request.samples[clip],
                    windows);
    }));
    result.timings.vocoder_ms += vocoder_stopwatch.ElapsedMs();
  }
  return result;
}

at::Tensor Pipeline::Denoise(const GenerateRequest& request, const PipelineCallbacks& callbacks,
                             Timings& timings) {
  std::vector<TokenIds> prompts;
  std::vector<TokenIds> negative_prompts;
  std::vector<double> scales;
  std::vector<uint64_t> seeds;
  for (const ClipRequest& clip : request.clips) {
    prompts.push_back(clip.input_ids);
    negative_prompts.push_back(clip.negative_input_ids);
    scales.push_back(clip.guidance_scale);
    seeds.push_back(clip.seed);
  }

  const Stopwatch text_stopwatch;
  const at::Tensor conditional = EncodeText(prompts, callbacks.cancelled);
  const at::Tensor unconditional =
      Guidance::Doubles(scales) ? EncodeText(negative_prompts, callbacks.cancelled) : at::Tensor();
  Synchronize(device_);
  timings.text_ms = text_stopwatch.ElapsedMs();

  SchedulerConfig config = request.scheduler_config;
  config.alphas_cumprod = alphas_cumprod_;
  const auto scheduler = CreateScheduler(request.scheduler, config);
  return Guarded("running the UNet", [&] {
    const Guidance guidance(conditional, unconditional, scales);
    Noise noise(seeds, {latent_channels_, request.latent_frames, latent_bins_}, device_);
    const UNetFn unet = [this](const at::Tensor& sample, const at::Tensor& timestep,
                               const at::Tensor& labels) {
      return Run(unet_, {sample, timestep, labels});
    };
    const SampleCallbacks steps{[&](int64_t step, const at::Tensor& latents) {
                                  callbacks.on_step(step, config.steps, latents);
                                },
                                callbacks.cancelled};
    Samples samples = Sample({scheduler.get(), &noise, &guidance}, unet, steps);
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
