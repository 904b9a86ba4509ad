#include "module/network.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <utility>

#include "module/cpu_pass.h"
#include "ops/onednn.h"
#include "tensor/device.h"
#include "tensor/error.h"
#include "tensor/serial_section.h"
#include "tensor/trim.h"

namespace audioldm {
namespace {

torch::jit::Module LoadOurs(const NetworkSpec& spec, c10::Device device) {
  MappedFiles files;
  for (const std::string& file : spec.files) files.push_back(MappedFile::Open(file));
  const bool prepacks = device.is_cpu() && onednn::Available();
  torch::jit::Module module =
      LoadPart(spec.part, files, {device, at::kFloat, /*channels_last=*/!prepacks});
  if (device.is_cpu()) UseCpuKernels(module);
  return module;
}

torch::jit::Module LoadUsers(const NetworkSpec& spec, c10::Device device) {
  torch::jit::Module module = LoadArchive(spec.part.archive, device);
  if (!module.find_method("forward")) {
    throw Error(ErrorCode::kEngineFailed,
                "The archive '" + spec.part.archive + "' has no method 'forward'.");
  }
  module.eval();
  // Freezing makes it faster and refuses some modules, which run without it as well.
  try {
    return Frozen(module);
  } catch (const std::exception&) {
    return module;
  }
}

torch::jit::Module Load(const NetworkSpec& spec, c10::Device device) {
  const at::NoGradGuard no_grad;
  const SerialSection serial;
  try {
    const bool users = spec.part.weights.empty() && spec.part.attributes.empty();
    return users ? LoadUsers(spec, device) : LoadOurs(spec, device);
  } catch (...) {
    throw AsError(std::current_exception(), "loading the archive '" + spec.part.archive + "'");
  }
}

at::Tensor Result(const c10::IValue& value) {
  if (!value.isTensor()) {
    throw Error(ErrorCode::kEngineFailed, "The network's forward gave " + value.tagKind() +
                                              " where a tensor is expected; it must give a tensor "
                                              "or a tuple or list of tensors.");
  }
  const at::Tensor& tensor = value.toTensor();
  if (!tensor.defined() || tensor.layout() != at::kStrided || tensor.is_quantized() ||
      tensor.is_complex()) {
    throw Error(ErrorCode::kEngineFailed,
                "The network's forward gave a tensor that is not dense or not of real numbers.");
  }
  const at::ScalarType dtype = tensor.is_floating_point() ? at::kFloat : tensor.scalar_type();
  return tensor.to(at::TensorOptions().device(at::kCPU).dtype(dtype), /*non_blocking=*/false,
                   /*copy=*/true, at::MemoryFormat::Contiguous);
}

std::vector<at::Tensor> Results(const c10::IValue& value) {
  std::vector<at::Tensor> results;
  if (value.isTuple()) {
    for (const c10::IValue& item : value.toTupleRef().elements()) results.push_back(Result(item));
  } else if (value.isList()) {
    for (const c10::IValue& item : value.toListRef()) results.push_back(Result(item));
  } else {
    results.push_back(Result(value));
  }
  return results;
}

}  // namespace

Network::Network(const NetworkSpec& spec)
    : device_(ParseDevice(spec.device)), module_(Load(spec, device_)) {
  TrimMemory();
}

std::vector<at::Tensor> Network::Forward(const std::vector<at::Tensor>& inputs) {
  const c10::InferenceMode inference;
  try {
    std::vector<c10::IValue> arguments;
    for (const at::Tensor& input : inputs) {
      arguments.emplace_back(input.to(device_, input.scalar_type(), /*non_blocking=*/false,
                                      /*copy=*/true));
    }
    return Results(module_.forward(std::move(arguments)));
  } catch (...) {
    throw AsError(std::current_exception(), "running the network");
  }
}

}  // namespace audioldm
