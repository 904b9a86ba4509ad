#pragma once

#include <torch/csrc/jit/api/module.h>

namespace audioldm {

// Rewrites the linear layers of a module that is not frozen, before its first run, as
// `audioldm::training_linear`: the same function, of which autograd takes the same derivatives.
// float32 products on the CPU, the backward pass's too, go to oneDNN, which takes half the time of
// what libtorch uses by itself; all others stay as they are.
void UseTrainingLinear(const torch::jit::Module& module);

}  // namespace audioldm
