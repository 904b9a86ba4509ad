#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <exception>
#include <functional>
#include <utility>
#include <vector>

#include "tensor/error.h"

namespace audioldm {

// Runs `work`; what it throws comes out as an Error.
template <typename Work>
auto Guarded(const char* doing, const Work& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw AsError(std::current_exception(), doing);
  }
}

inline void ThrowIfCancelled(const std::function<bool()>& cancelled) {
  if (cancelled()) throw Aborted();
}

inline at::Tensor Run(torch::jit::Module& module, std::vector<c10::IValue> inputs) {
  return module.forward(std::move(inputs)).toTensor();
}

}  // namespace audioldm
