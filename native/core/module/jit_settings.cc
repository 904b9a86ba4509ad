#include "module/jit_settings.h"

#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

namespace audioldm {

void ApplyInferenceJitSettings() {
  // The fuser compiles kernels for the shapes it has seen; on CUDA it needs NVRTC.
  torch::jit::setTensorExprFuserEnabled(false);
  // The profiling executor runs the first calls of every shape unoptimised, to specialise later.
  torch::jit::getProfilingMode() = false;
}

}  // namespace audioldm
