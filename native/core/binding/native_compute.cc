#include "binding/native_compute.h"

#include <c10/core/InferenceMode.h>

#include <string>
#include <utility>

#include "binding/fields.h"
#include "binding/native_tensor.h"
#include "compute/operation.h"
#include "compute/registry.h"
#include "tensor/error.h"

namespace audioldm {
namespace {

// What is thrown names the operation.
Tensors RunOperation(const std::string& name, const Request& request) {
  const Operation operation = FindOperation(name);
  try {
    const c10::InferenceMode inference;
    return operation(request);
  } catch (const Aborted&) {
    throw;
  } catch (const Error& error) {
    throw Error(error.code(), name + ": " + error.what());
  } catch (...) {
    throw AsError(std::current_exception(), "running '" + name + "'");
  }
}

}  // namespace

Napi::Function NativeCompute::Define(Napi::Env env) {
  return DefineClass(env, "NativeCompute",
                     {InstanceMethod("run", &NativeCompute::Run),
                      InstanceMethod("dispose", &NativeCompute::Dispose)});
}

NativeCompute::NativeCompute(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<NativeCompute>(info) {
  const int threads = ParseThreads(info[0]);
  host_ = std::make_unique<JobHost>(info.This().As<Napi::Object>(),
                                    JobHost::Options{"compute engine", threads, [] {}});
}

Napi::Value NativeCompute::Run(const Napi::CallbackInfo& info) {
  std::string operation = ParseString(info[0], "operation");
  Tensors inputs = NativeTensor::TensorsOf(info[1]);
  Parameters parameters(ParseNumbers(info[2], "parameters"));
  return host_->Start(info[3], [operation = std::move(operation), inputs = std::move(inputs),
                                parameters = std::move(parameters)](const RunningJob& job) {
    Event event;
    event.tensors =
        RunOperation(operation, {inputs, parameters, [&job] { return job.Cancelled(); }});
    job.ThrowIfCancelled();
    return event;
  });
}

}  // namespace audioldm
