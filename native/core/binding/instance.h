#pragma once

#include <napi.h>

#include <set>

namespace audioldm {

class JobHost;

// What the core keeps for one environment (the main thread, or one worker thread).
struct Instance {
  Napi::FunctionReference tensor;
  // Those whose engine runs.
  std::set<JobHost*> hosts;

  static Instance& Of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }
};

}  // namespace audioldm
