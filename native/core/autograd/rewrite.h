#pragma once

#include <torch/csrc/jit/api/module.h>

namespace audioldm {

// Makes one graph of a UNet's archive and puts operators with gradients of ours where its operators
// cost most in training.
void UseTrainingOperators(const torch::jit::Module& unet);

}  // namespace audioldm
