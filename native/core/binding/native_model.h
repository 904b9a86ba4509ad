#pragma once

#include <napi.h>

#include <functional>
#include <memory>

#include "binding/job_host.h"
#include "binding/parse.h"

namespace audioldm {

// NativeModel of lib/native/binding.ts: a pipeline and its jobs.
class NativeModel : public Napi::ObjectWrap<NativeModel> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (spec: NativeModelSpec, onLoaded)
  explicit NativeModel(const Napi::CallbackInfo& info);

 private:
  using Work = std::function<Event(Pipeline&, const PipelineCallbacks&)>;

  Napi::Value Generate(const Napi::CallbackInfo& info);
  Napi::Value EmbedText(const Napi::CallbackInfo& info);
  Napi::Value EmbedAudio(const Napi::CallbackInfo& info);
  Napi::Value EncodeAudio(const Napi::CallbackInfo& info);
  Napi::Value DecodeLatents(const Napi::CallbackInfo& info);
  Napi::Value MelSpectrogram(const Napi::CallbackInfo& info);
  Napi::Value Vocode(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info) { host_->Dispose(info); }

  // A job that does the work with the loaded pipeline; what it returns is the last event.
  Napi::Value Start(const Napi::Value& on_event, bool step_latents, Work work);

  // Made, used and destroyed on the engine thread.
  std::shared_ptr<std::unique_ptr<Pipeline>> pipeline_ =
      std::make_shared<std::unique_ptr<Pipeline>>();
  std::unique_ptr<JobHost> host_;
};

}  // namespace audioldm
