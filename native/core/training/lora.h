#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "training/trainer_spec.h"

namespace audioldm {

// Low-rank adapters of linear layers: each adds scale · B · A to a weight that stays as it is.
class Lora {
 public:
  Lora() = default;

  // Adapters of the modules `spec` names, for weights given by name. A is drawn from `seed` as
  // PyTorch draws weights, B is 0. Throws Error (kEngineFailed) for a rank below 1, and naming a
  // module that appears twice or is no linear layer among the weights.
  Lora(const LoraSpec& spec, const std::vector<std::pair<std::string, at::Tensor>>& weights,
       uint64_t seed);

  // Names of the adapters' tensors, `<module>.lora_A.weight` [rank, in] and
  // `<module>.lora_B.weight` [out, rank] in turn, and their first values.
  const std::vector<std::pair<std::string, at::Tensor>>& tensors() const { return tensors_; }

  // Names of the adapted weights, in the order of their pairs of tensors.
  const std::vector<std::string>& targets() const { return targets_; }

  // The weight of target i, given all adapters' tensors; autograd sees A and B through it.
  at::Tensor Merged(size_t i, const at::Tensor& weight,
                    const std::vector<at::Tensor>& values) const;

 private:
  double scale_ = 1;
  std::vector<std::string> targets_;
  std::vector<std::pair<std::string, at::Tensor>> tensors_;
};

}  // namespace audioldm
