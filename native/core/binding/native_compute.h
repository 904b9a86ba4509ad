#pragma once

#include <napi.h>

#include <memory>

#include "binding/job_host.h"

namespace audioldm {

// NativeCompute of lib/native/binding.ts: a thread for the operations of compute/.
class NativeCompute : public Napi::ObjectWrap<NativeCompute> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (threads: number)
  explicit NativeCompute(const Napi::CallbackInfo& info);

 private:
  Napi::Value Run(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info) { host_->Dispose(info); }

  std::unique_ptr<JobHost> host_;
};

}  // namespace audioldm
