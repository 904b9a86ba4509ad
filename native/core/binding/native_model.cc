#include "binding/native_model.h"

#include <string>
#include <utility>
#include <vector>

#include "binding/fields.h"
#include "binding/native_tensor.h"
#include "tensor/error.h"

namespace audioldm {
namespace {

PipelineCallbacks CallbacksOf(const RunningJob& job, bool step_latents) {
  PipelineCallbacks callbacks;
  callbacks.cancelled = [&job] { return job.Cancelled(); };
  callbacks.on_step = [&job, step_latents](int64_t step, int64_t steps, const at::Tensor& latents) {
    Event event;
    event.type = Event::Type::kStep;
    event.step = step;
    event.steps = steps;
    if (step_latents) event.tensors = {latents};
    job.Send(std::move(event));
  };
  callbacks.on_audio = [&job](int64_t clip, int64_t start, const at::Tensor& samples) {
    Event event;
    event.type = Event::Type::kAudio;
    event.index = clip;
    event.start_sample = start;
    event.tensors = {samples};
    job.Send(std::move(event));
  };
  return callbacks;
}

Event EndOf(PipelineResult result) {
  Event event;
  event.tensors = std::move(result.waveforms);
  event.timings = std::move(result.timings);
  return event;
}

Event EndOf(at::Tensor tensor) {
  Event event;
  event.tensors = {std::move(tensor)};
  return event;
}

}  // namespace

Napi::Function NativeModel::Define(Napi::Env env) {
  return DefineClass(env, "NativeModel",
                     {InstanceMethod("generate", &NativeModel::Generate),
                      InstanceMethod("embedText", &NativeModel::EmbedText),
                      InstanceMethod("embedAudio", &NativeModel::EmbedAudio),
                      InstanceMethod("encodeAudio", &NativeModel::EncodeAudio),
                      InstanceMethod("decodeLatents", &NativeModel::DecodeLatents),
                      InstanceMethod("melSpectrogram", &NativeModel::MelSpectrogram),
                      InstanceMethod("vocode", &NativeModel::Vocode),
                      InstanceMethod("dispose", &NativeModel::Dispose)});
}

NativeModel::NativeModel(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeModel>(info) {
  ModelSpec spec = ParseModelSpec(info[0]);
  const Napi::Function on_loaded = ParseFunction(info[1], "onLoaded");
  host_ = std::make_unique<JobHost>(
      info.This().As<Napi::Object>(),
      JobHost::Options{"model", spec.threads, [pipeline = pipeline_] { pipeline->reset(); }});
  host_->Load(on_loaded,
              [pipeline = pipeline_, spec = std::move(spec.pipeline)](const RunningJob& job) {
                *pipeline = std::make_unique<Pipeline>(spec, [&job] { return job.Cancelled(); });
              });
}

Napi::Value NativeModel::Generate(const Napi::CallbackInfo& info) {
  GenerateSpec spec = ParseGenerateRequest(info[0]);
  return Start(info[1], spec.step_latents,
               [request = std::move(spec.request)](Pipeline& pipeline, const auto& callbacks) {
                 return EndOf(pipeline.Generate(request, callbacks));
               });
}

Napi::Value NativeModel::EmbedText(const Napi::CallbackInfo& info) {
  auto list = ParseArray(info[0], "inputIds");
  std::vector<TokenIds> prompts;
  for (uint32_t i = 0; i < list.Length(); i++) prompts.push_back(ParseTokenIds(list.Get(i)));
  return Start(info[1], false,
               [prompts = std::move(prompts)](Pipeline& pipeline, const auto& callbacks) {
                 return EndOf(pipeline.EncodeText(prompts, callbacks.cancelled));
               });
}

Napi::Value NativeModel::EmbedAudio(const Napi::CallbackInfo& info) {
  at::Tensor waveforms = NativeTensor::TensorOf(info[0]);
  return Start(info[1], false, [waveforms](Pipeline& pipeline, const auto& callbacks) {
    return EndOf(pipeline.EmbedAudio(waveforms, callbacks.cancelled));
  });
}

Napi::Value NativeModel::EncodeAudio(const Napi::CallbackInfo& info) {
  at::Tensor waveforms = NativeTensor::TensorOf(info[0]);
  EncodeRequest request = ParseEncodeRequest(info[1]);
  return Start(info[2], false, [waveforms, request](Pipeline& pipeline, const auto& callbacks) {
    return EndOf(pipeline.EncodeAudio(waveforms, request, callbacks.cancelled));
  });
}

Napi::Value NativeModel::DecodeLatents(const Napi::CallbackInfo& info) {
  at::Tensor latents = NativeTensor::TensorOf(info[0]);
  DecodeRequest request = ParseDecodeRequest(info[1]);
  return Start(info[2], false, [latents, request](Pipeline& pipeline, const auto& callbacks) {
    return EndOf(pipeline.DecodeLatents(latents, request, callbacks));
  });
}

Napi::Value NativeModel::MelSpectrogram(const Napi::CallbackInfo& info) {
  at::Tensor waveforms = NativeTensor::TensorOf(info[0]);
  return Start(info[1], false, [waveforms](Pipeline& pipeline, const auto& callbacks) {
    return EndOf(pipeline.MelSpectrogram(waveforms, callbacks.cancelled));
  });
}

Napi::Value NativeModel::Vocode(const Napi::CallbackInfo& info) {
  at::Tensor mels = NativeTensor::TensorOf(info[0]);
  DecodeRequest request = ParseDecodeRequest(info[1]);
  return Start(info[2], false, [mels, request](Pipeline& pipeline, const auto& callbacks) {
    return EndOf(pipeline.Vocode(mels, request, callbacks));
  });
}

Napi::Value NativeModel::Start(const Napi::Value& on_event, bool step_latents, Work work) {
  return host_->Start(on_event, [pipeline = pipeline_, step_latents,
                                 work = std::move(work)](const RunningJob& job) {
    if (*pipeline == nullptr) throw Error(ErrorCode::kEngineFailed, "The model is not loaded.");
    return work(**pipeline, CallbacksOf(job, step_latents));
  });
}

}  // namespace audioldm
