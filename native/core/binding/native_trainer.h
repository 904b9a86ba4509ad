#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding/job_host.h"
#include "training/trainer.h"

namespace audioldm {

// NativeTrainer of lib/native/binding.ts: a UNet in training and its jobs.
class NativeTrainer : public Napi::ObjectWrap<NativeTrainer> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (spec: NativeTrainerSpec, onLoaded)
  explicit NativeTrainer(const Napi::CallbackInfo& info);

 private:
  struct Shared {
    // Made, used and destroyed on the engine thread.
    std::unique_ptr<Trainer> trainer;
    // What both threads see: written by the engine thread, `trainable` before `loaded`.
    std::vector<std::pair<std::string, std::vector<int64_t>>> trainable;
    std::atomic<bool> loaded{false};
    std::atomic<int64_t> step{0};
  };
  using Work = std::function<Event(Shared&, const RunningJob&)>;

  Napi::Value Trainable(const Napi::CallbackInfo& info);
  Napi::Value Step(const Napi::CallbackInfo& info);
  Napi::Value ItemsOf(const Napi::CallbackInfo& info);
  Napi::Value Train(const Napi::CallbackInfo& info);
  Napi::Value Inspect(const Napi::CallbackInfo& info);
  Napi::Value Validate(const Napi::CallbackInfo& info);
  Napi::Value Save(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info) { host_->Dispose(info); }

  // A job that does the work with the loaded trainer; what it returns is the last event.
  Napi::Value Start(const Napi::Value& on_event, Work work);

  uint64_t seed_ = 0;
  int64_t per_step_ = 0;  // items of a step
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::unique_ptr<JobHost> host_;
};

}  // namespace audioldm
