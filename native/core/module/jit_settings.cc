#include "module/jit_settings.h"

#include <torch/csrc/jit/passes/autocast.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

namespace audioldm {

void ApplyInferenceJitSettings() {
  // The fuser compiles kernels for the shapes it has seen; on CUDA it needs NVRTC.
  torch::jit::setTensorExprFuserEnabled(false);
  // The simple executor: it runs the graph as it stands, which freezing has already optimised. The
  // profiling executor would spend the first calls of every shape on learning about it.
  torch::jit::getExecutorMode() = true;
  torch::jit::getProfilingMode() = false;
  // Training says itself what is bfloat16; casts would be written into its graph.
  torch::jit::setAutocastMode(false);
}

}  // namespace audioldm
