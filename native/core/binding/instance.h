#pragma once

#include <napi.h>

#include <set>

namespace audioldm {

class NativeModel;

// What the core keeps for one environment (the main thread, or one worker thread).
struct Instance {
  Napi::FunctionReference model;
  Napi::FunctionReference tensor;
  // Those whose engine runs.
  std::set<NativeModel*> models;

  static Instance& Of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }
};

}  // namespace audioldm
