// The core's one entry, called by the loader for every environment that asks for it.

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <napi.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include "binding/instance.h"
#include "binding/job_host.h"
#include "binding/native_compute.h"
#include "binding/native_model.h"
#include "binding/native_network.h"
#include "binding/native_tensor.h"
#include "binding/native_trainer.h"
#include "ops/bfloat16.h"

namespace audioldm {
namespace {

Napi::Value CpuHasBfloat16(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), MultipliesBfloat16());
}

Napi::Value CudaDeviceCount(const Napi::CallbackInfo& info) {
  // Without libtorch_cuda the hooks answer 0; with it and a broken driver they may throw.
  int count = 0;
  try {
    count = static_cast<int>(torch::cuda::device_count());
  } catch (const std::exception&) {
  }
  return Napi::Number::New(info.Env(), count);
}

Napi::Value LiveTensorBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(NativeTensor::LiveBytes()));
}

void Shutdown(const Napi::CallbackInfo& info) { JobHost::ShutdownAll(info.Env()); }

Napi::Object Define(Napi::Env env, Napi::Object exports) {
  auto instance = new Instance;
  env.SetInstanceData<Instance>(instance);
  Napi::Function tensor = NativeTensor::Define(env);
  instance->tensor = Napi::Persistent(tensor);
  exports.Set("NativeModel", NativeModel::Define(env));
  exports.Set("NativeNetwork", NativeNetwork::Define(env));
  exports.Set("NativeCompute", NativeCompute::Define(env));
  exports.Set("NativeTrainer", NativeTrainer::Define(env));
  exports.Set("NativeTensor", tensor);
  exports.Set("buildTorchVersion", TORCH_VERSION);
  exports.Set("cpuCapability", at::get_cpu_capability());
  exports.Set("cpuHasBfloat16", Napi::Function::New(env, CpuHasBfloat16, "cpuHasBfloat16"));
  exports.Set("cudaDeviceCount", Napi::Function::New(env, CudaDeviceCount, "cudaDeviceCount"));
  exports.Set("liveTensorBytes", Napi::Function::New(env, LiveTensorBytes, "liveTensorBytes"));
  exports.Set("shutdown", Napi::Function::New(env, Shutdown, "shutdown"));
  return exports;
}

}  // namespace
}  // namespace audioldm

extern "C" __attribute__((visibility("default"))) napi_value
audioldm_core_init(napi_env env, napi_value exports) {
  return audioldm::Define(env, Napi::Object(env, exports));
}
