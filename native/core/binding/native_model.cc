#include "binding/native_model.h"

#include <c10/util/ScopeExit.h>

#include <string>
#include <utility>
#include <vector>

#include "binding/instance.h"
#include "binding/native_tensor.h"
#include "tensor/error.h"
#include "tensor/trim.h"

namespace audioldm {
namespace {

Event ErrorEvent(uint32_t job, const Error& error) {
  Event event;
  event.job = job;
  event.type = Event::Type::kError;
  event.code = CodeName(error.code());
  event.message = error.what();
  return event;
}

Napi::Object ToError(Napi::Env env, const Event& event) {
  auto error = Napi::Object::New(env);
  error.Set("code", event.code);
  error.Set("message", event.message);
  return error;
}

Napi::Object ToTimings(Napi::Env env, const Timings& timings) {
  auto steps = Napi::Array::New(env, timings.step_ms.size());
  for (size_t i = 0; i < timings.step_ms.size(); i++) {
    steps.Set(static_cast<uint32_t>(i), timings.step_ms[i]);
  }
  auto object = Napi::Object::New(env);
  object.Set("textMs", timings.text_ms);
  object.Set("stepMs", steps);
  object.Set("vaeMs", timings.vae_ms);
  object.Set("vocoderMs", timings.vocoder_ms);
  return object;
}

// The event as JavaScript gets it. `event` is one of a job's.
Napi::Object ToObject(Napi::Env env, Event event) {
  auto object = Napi::Object::New(env);
  switch (event.type) {
    case Event::Type::kStep:
      object.Set("type", "step");
      object.Set("step", static_cast<double>(event.step));
      object.Set("steps", static_cast<double>(event.steps));
      if (!event.tensors.empty()) {
        object.Set("latents", NativeTensor::Wrap(env, std::move(event.tensors[0])));
      }
      break;
    case Event::Type::kAudio:
      object.Set("type", "audio");
      object.Set("index", static_cast<double>(event.index));
      object.Set("startSample", static_cast<double>(event.start_sample));
      object.Set("samples", NativeTensor::Wrap(env, std::move(event.tensors[0])));
      break;
    case Event::Type::kError:
      object.Set("type", "end");
      object.Set("error", ToError(env, event));
      break;
    default: {
      object.Set("type", "end");
      auto tensors = Napi::Array::New(env, event.tensors.size());
      for (size_t i = 0; i < event.tensors.size(); i++) {
        tensors.Set(static_cast<uint32_t>(i), NativeTensor::Wrap(env, std::move(event.tensors[i])));
      }
      object.Set("tensors", tensors);
      object.Set("timings", ToTimings(env, event.timings));
    }
  }
  return object;
}

}  // namespace

Napi::Function NativeModel::Define(Napi::Env env) {
  return DefineClass(env, "NativeModel",
                     {InstanceMethod("generate", &NativeModel::Generate),
                      InstanceMethod("embedText", &NativeModel::EmbedText),
                      InstanceMethod("decodeLatents", &NativeModel::DecodeLatents),
                      InstanceMethod("dispose", &NativeModel::Dispose)});
}

NativeModel::NativeModel(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<NativeModel>(info), env_(info.Env()) {
  Napi::Env env = info.Env();
  // What can throw comes first: a constructor that fails later would leave its hook behind.
  ModelSpec spec = ParseModelSpec(info[0]);
  const Napi::Function on_loaded = ParseFunction(info[1], "onLoaded");
  channel_ = std::make_shared<Channel>(
      env, [this](Napi::Env env, Event event) { Deliver(env, std::move(event)); });
  // Registered after the channel's own hook, hence run before it when the environment ends.
  napi_add_env_cleanup_hook(env_, &NativeModel::EndOfEnvironment, this);
  pipeline_ = std::make_shared<std::unique_ptr<Pipeline>>();
  engine_ = std::make_unique<Engine>(spec.threads);
  Instance::Of(env).models.insert(this);

  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  const uint32_t job = Enter(env, on_loaded, cancelled);
  engine_->Post(
      [channel = channel_, pipeline = pipeline_, spec = std::move(spec.pipeline), cancelled, job] {
        Event event;
        event.job = job;
        event.type = Event::Type::kLoaded;
        try {
          *pipeline = std::make_unique<Pipeline>(spec, [cancelled] { return cancelled->load(); });
        } catch (...) {
          event = ErrorEvent(job, AsError(std::current_exception(), "loading the model"));
        }
        channel->Send(std::move(event));
      });
}

NativeModel::~NativeModel() { Shutdown(); }

void NativeModel::ShutdownAll(Napi::Env env) {
  auto& models = Instance::Of(env).models;
  while (!models.empty()) (*models.begin())->Shutdown();
}

void NativeModel::EndOfEnvironment(void* self) { static_cast<NativeModel*>(self)->Shutdown(); }

Napi::Value NativeModel::Generate(const Napi::CallbackInfo& info) {
  GenerateSpec spec = ParseGenerateRequest(info[0]);
  return Start(info.Env(), info[1], spec.step_latents,
               [request = std::move(spec.request)](Pipeline& pipeline, const auto& callbacks) {
                 return pipeline.Generate(request, callbacks);
               });
}

Napi::Value NativeModel::EmbedText(const Napi::CallbackInfo& info) {
  auto list = ParseArray(info[0], "inputIds");
  std::vector<TokenIds> prompts;
  for (uint32_t i = 0; i < list.Length(); i++) prompts.push_back(ParseTokenIds(list.Get(i)));
  return Start(info.Env(), info[1], false,
               [prompts = std::move(prompts)](Pipeline& pipeline, const auto& callbacks) {
                 PipelineResult result;
                 result.waveforms = {pipeline.EncodeText(prompts, callbacks.cancelled)};
                 return result;
               });
}

Napi::Value NativeModel::DecodeLatents(const Napi::CallbackInfo& info) {
  at::Tensor latents = NativeTensor::TensorOf(info[0]);
  DecodeRequest request = ParseDecodeRequest(info[1]);
  return Start(info.Env(), info[2], false,
               [latents, request](Pipeline& pipeline, const auto& callbacks) {
                 return pipeline.DecodeLatents(latents, request, callbacks);
               });
}

Napi::Value NativeModel::Start(Napi::Env env, const Napi::Value& on_event, bool step_latents,
                               Work work) {
  if (disposing_ || engine_ == nullptr) throw Napi::Error::New(env, "this model was disposed");
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  const uint32_t job = Enter(env, ParseFunction(on_event, "onEvent"), cancelled);
  engine_->Post([channel = channel_, pipeline = pipeline_, cancelled, job, step_latents,
                 work = std::move(work)] {
    PipelineCallbacks callbacks;
    callbacks.cancelled = [&] { return cancelled->load(); };
    callbacks.on_step = [&](int64_t step, int64_t steps, const at::Tensor& latents) {
      Event event;
      event.job = job;
      event.type = Event::Type::kStep;
      event.step = step;
      event.steps = steps;
      if (step_latents) event.tensors = {latents};
      channel->Send(std::move(event));
    };
    callbacks.on_audio = [&](int64_t clip, int64_t start, const at::Tensor& samples) {
      Event event;
      event.job = job;
      event.type = Event::Type::kAudio;
      event.index = clip;
      event.start_sample = start;
      event.tensors = {samples};
      channel->Send(std::move(event));
    };
    Event event;
    event.job = job;
    try {
      if (callbacks.cancelled()) throw Aborted();
      if (*pipeline == nullptr) throw Error(ErrorCode::kEngineFailed, "The model is not loaded.");
      PipelineResult result = work(**pipeline, callbacks);
      event.tensors = std::move(result.waveforms);
      event.timings = std::move(result.timings);
    } catch (...) {
      event = ErrorEvent(job, AsError(std::current_exception(), "running the model"));
    }
    channel->Send(std::move(event));
  });
  auto handle = Napi::Object::New(env);
  handle.Set("abort", Napi::Function::New(
                          env, [cancelled](const Napi::CallbackInfo&) { *cancelled = true; }));
  return handle;
}

uint32_t NativeModel::Enter(Napi::Env env, Napi::Function on_event, Flag cancelled) {
  if (jobs_.empty()) {
    Ref();
    channel_->Ref(env);
  }
  const uint32_t job = ++last_job_;
  jobs_[job] = {Napi::Persistent(on_event), std::move(cancelled)};
  return job;
}

void NativeModel::Deliver(Napi::Env env, Event event) {
  auto found = jobs_.find(event.job);
  if (found == jobs_.end()) return;
  auto on_event = found->second.on_event.Value();
  const Event::Type type = event.type;
  const bool last = type != Event::Type::kStep && type != Event::Type::kAudio;
  const bool about_model = found->first == 1 || type == Event::Type::kDisposed;
  if (last) jobs_.erase(found);
  if (type == Event::Type::kDisposed) Shutdown();
  // What Dispose() cancelled was not aborted by its owner.
  if (disposing_ && event.code == CodeName(ErrorCode::kAborted)) {
    event.code = CodeName(ErrorCode::kDisposed);
  }

  std::vector<napi_value> arguments;
  if (!about_model) {
    arguments.push_back(ToObject(env, std::move(event)));
  } else if (type != Event::Type::kDisposed) {
    arguments.push_back(type == Event::Type::kError ? ToError(env, event) : env.Null());
  }
  const bool idle = last && jobs_.empty();
  if (idle && type != Event::Type::kDisposed) channel_->Unref(env);
  // After the call, which may throw; nothing of this object is used then.
  const auto unref = c10::make_scope_exit([&] {
    if (idle) Unref();
  });
  on_event.Call(arguments);
}

void NativeModel::Dispose(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const Napi::Function on_disposed = ParseFunction(info[0], "onDisposed");
  if (disposing_ || engine_ == nullptr) {
    on_disposed.Call({});
    return;
  }
  disposing_ = true;
  CancelAll();
  const uint32_t job = Enter(env, on_disposed, std::make_shared<std::atomic<bool>>(false));
  engine_->Post([channel = channel_, pipeline = pipeline_, job] {
    pipeline->reset();
    TrimMemory();
    Event event;
    event.job = job;
    event.type = Event::Type::kDisposed;
    channel->Send(std::move(event));
  });
  engine_->Finish();
}

void NativeModel::CancelAll() {
  for (auto& [id, job] : jobs_) *job.cancelled = true;
}

void NativeModel::Shutdown() {
  if (engine_ == nullptr) return;
  napi_remove_env_cleanup_hook(env_, &NativeModel::EndOfEnvironment, this);
  Instance::Of(env_).models.erase(this);
  CancelAll();
  channel_->Close();
  // The pipeline is destroyed where it was used.
  engine_->Post([pipeline = pipeline_] { pipeline->reset(); });
  engine_.reset();
}

}  // namespace audioldm
