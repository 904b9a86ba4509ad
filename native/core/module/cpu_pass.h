#pragma once

#include <torch/csrc/jit/api/module.h>

namespace audioldm {

// Rewrites the graph of a frozen module for the CPU: convolutions and linear layers become
// `audioldm::conv2d` and `audioldm::linear`, which keep weights prepacked for oneDNN; attention
// without mask and group normalisation become `audioldm::attention` and `audioldm::group_norm`.
// Where the CPU does not multiply bfloat16, the module is widened first (WidenBfloat16).
// What does not fit (weights that are not constants, other dtypes, a libtorch without oneDNN) stays
// as it is. The results differ by rounding alone.
//
// Call it before the module's first run.
void UseCpuKernels(torch::jit::Module& frozen);

}  // namespace audioldm
