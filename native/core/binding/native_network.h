#pragma once

#include <napi.h>

#include <memory>

#include "binding/job_host.h"
#include "module/network.h"

namespace audioldm {

// NativeNetwork of lib/native/binding.ts: one archive and its jobs.
class NativeNetwork : public Napi::ObjectWrap<NativeNetwork> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (spec: NativeNetworkSpec, onLoaded)
  explicit NativeNetwork(const Napi::CallbackInfo& info);

 private:
  Napi::Value Forward(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info) { host_->Dispose(info); }

  // Made, used and destroyed on the engine thread.
  std::shared_ptr<std::unique_ptr<Network>> network_ = std::make_shared<std::unique_ptr<Network>>();
  std::unique_ptr<JobHost> host_;
};

}  // namespace audioldm
