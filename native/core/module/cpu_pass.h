#pragma once

#include <torch/csrc/jit/api/module.h>

namespace audioldm {

// Rewrites the graph of a frozen module for the CPU: convolutions, linear layers and attention
// without mask become `audioldm::conv2d`, `audioldm::linear` and `audioldm::attention`, which keep
// weights prepacked for oneDNN. What does not fit (weights that are not constants, other dtypes,
// a libtorch without oneDNN) stays as it is. The results differ by rounding alone.
//
// Call it before the module's first run.
void UseCpuKernels(torch::jit::Module& frozen);

}  // namespace audioldm
