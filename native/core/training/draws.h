#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace audioldm {

// All random numbers of one step of N samples, on the CPU.
struct Draws {
  at::Tensor caption;          // [N] float64 in 0 … 1: which of an item's captions
  at::Tensor modality;         // [N] float64: text below the probability of text, else audio
  at::Tensor dropout;          // [N] float64: no condition below the probability of dropping it
  at::Tensor timesteps;        // [N] int64 in 0 … T − 1
  at::Tensor posterior_noise;  // [N, C, t, f] float32
  at::Tensor noise;            // [N, C, t, f] float32
};

// Draws them in the order above from torch's CPU generator of SeedOf(seed, kStep, step). All are
// drawn whatever is used, so that a changed probability changes nothing else.
Draws DrawStep(uint64_t seed, int64_t step, int64_t samples, int64_t timesteps,
               const std::vector<int64_t>& latent_shape);

}  // namespace audioldm
