#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace audioldm {

// Fills the tensor from ±1 / √fan_in, the fan-in being that of a convolution or linear layer with
// a weight of `shape`: what PyTorch does to weights of these layers by default ("Kaiming uniform
// with a = √5") and to their biases. The layout of the tensor does not change the values.
void FillUniform(const at::Tensor& tensor, const std::vector<int64_t>& shape,
                 at::Generator& generator);

// Weights of a UNet that is trained from scratch. Convolutions and linear layers as above; norms
// are 1 and 0; the last layer of each residual branch (`conv2`, `proj_out`) and of the network
// (`conv_out`) is 0. Drawn in the order of the names, so that the order of `weights` is no matter.
void InitialiseUnet(const std::vector<std::pair<std::string, at::Tensor>>& weights, uint64_t seed);

}  // namespace audioldm
