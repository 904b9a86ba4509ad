#pragma once

#include <napi.h>

namespace audioldm {

// What the core keeps for one environment (the main thread, or one worker thread).
struct Instance {
  Napi::FunctionReference model;
  Napi::FunctionReference tensor;

  static Instance& Of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }
};

}  // namespace audioldm
