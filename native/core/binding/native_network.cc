#include "binding/native_network.h"

#include <utility>
#include <vector>

#include "binding/fields.h"
#include "binding/native_tensor.h"
#include "binding/parse.h"
#include "tensor/error.h"

namespace audioldm {

Napi::Function NativeNetwork::Define(Napi::Env env) {
  return DefineClass(env, "NativeNetwork",
                     {InstanceMethod("forward", &NativeNetwork::Forward),
                      InstanceMethod("dispose", &NativeNetwork::Dispose)});
}

NativeNetwork::NativeNetwork(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<NativeNetwork>(info) {
  ThreadedNetworkSpec spec = ParseNetworkSpec(info[0]);
  const Napi::Function on_loaded = ParseFunction(info[1], "onLoaded");
  host_ = std::make_unique<JobHost>(
      info.This().As<Napi::Object>(),
      JobHost::Options{"network", spec.threads, [network = network_] { network->reset(); }});
  host_->Load(on_loaded,
              [network = network_, spec = std::move(spec.network)](const RunningJob& job) {
                job.ThrowIfCancelled();
                *network = std::make_unique<Network>(spec);
              });
}

Napi::Value NativeNetwork::Forward(const Napi::CallbackInfo& info) {
  std::vector<at::Tensor> inputs = NativeTensor::TensorsOf(info[0]);
  return host_->Start(info[1],
                      [network = network_, inputs = std::move(inputs)](const RunningJob& job) {
                        if (*network == nullptr) {
                          throw Error(ErrorCode::kEngineFailed, "The network is not loaded.");
                        }
                        Event event;
                        event.tensors = (*network)->Forward(inputs);
                        job.ThrowIfCancelled();
                        return event;
                      });
}

}  // namespace audioldm
