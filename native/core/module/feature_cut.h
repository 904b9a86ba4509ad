#pragma once

#include <torch/csrc/jit/api/module.h>

namespace audioldm {

// A UNet cut below its outermost level: what lies deeper changes little from one noise level to the
// next, and need not be computed at each (X. Ma et al., "DeepCache: Accelerating Diffusion Models
// for Free", CVPR 2024). Both modules share the weights of the UNet they are cut from.
struct CutUNet {
  torch::jit::Module whole;    // the UNet's inputs → (noise, deep features [B, C, T, F])
  torch::jit::Module shallow;  // the UNet's inputs and deep features → noise
};

// `unet`: frozen. The deep features are what its last two layers but one take, beside a skip
// connection: the convolution at the start, one layer on the way down and two on the way up are
// computed from the sample. Given the deep features of the same sample, `shallow` computes what the
// UNet does, to the last bit. Throws Error (kEngineFailed) of a graph without such a place.
CutUNet CutFeatures(const torch::jit::Module& unet);

}  // namespace audioldm
