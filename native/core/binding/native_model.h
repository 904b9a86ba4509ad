#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "binding/parse.h"
#include "job/channel.h"
#include "job/engine.h"

namespace audioldm {

// NativeModel of lib/native/binding.ts: a pipeline, the engine thread it lives on, and the channel
// its events come back through.
//
// The JavaScript thread never waits for the engine, but in two places: when the environment or the
// process ends (the engine must not outlive it) and when the garbage collector takes an idle model.
// While a job runs the object is kept alive, and the process with it.
class NativeModel : public Napi::ObjectWrap<NativeModel> {
 public:
  static Napi::Function Define(Napi::Env env);

  // Shuts down every model of this environment.
  static void ShutdownAll(Napi::Env env);

  // (spec: NativeModelSpec, onLoaded)
  explicit NativeModel(const Napi::CallbackInfo& info);
  ~NativeModel() override;

 private:
  using Flag = std::shared_ptr<std::atomic<bool>>;
  // What a job does on the engine thread; its result becomes the `end` event.
  using Work = std::function<PipelineResult(Pipeline&, const PipelineCallbacks&)>;

  struct Job {
    Napi::FunctionReference on_event;
    Flag cancelled;
  };

  Napi::Value Generate(const Napi::CallbackInfo& info);
  Napi::Value EmbedText(const Napi::CallbackInfo& info);
  Napi::Value DecodeLatents(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info);

  // Posts the work and returns the NativeJob of it.
  Napi::Value Start(Napi::Env env, const Napi::Value& on_event, bool step_latents, Work work);
  // Enters a job, with the callback that gets its events.
  uint32_t Enter(Napi::Env env, Napi::Function on_event, Flag cancelled);
  void Deliver(Napi::Env env, Event event);
  void CancelAll();
  // Stops and joins the engine. After it nothing reaches JavaScript. Idempotent.
  void Shutdown();
  static void EndOfEnvironment(void* self);

  std::shared_ptr<Channel> channel_;
  std::map<uint32_t, Job> jobs_;  // JavaScript thread only
  uint32_t last_job_ = 0;
  bool disposing_ = false;
  napi_env env_;
  // Made, used and destroyed on the engine thread.
  std::shared_ptr<std::unique_ptr<Pipeline>> pipeline_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace audioldm
