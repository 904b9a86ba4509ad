#include "training/lora.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <map>

#include "tensor/error.h"
#include "training/initialise.h"
#include "training/random_seed.h"

namespace audioldm {
namespace {

constexpr int64_t kMaxRank = 8192;

}  // namespace

Lora::Lora(const LoraSpec& spec, const std::vector<std::pair<std::string, at::Tensor>>& weights,
           uint64_t seed)
    : scale_(spec.alpha / static_cast<double>(spec.rank)) {
  if (spec.rank < 1 || spec.rank > kMaxRank || spec.modules.empty()) {
    throw Error(ErrorCode::kEngineFailed,
                "Adapters need a rank from 1 to " + std::to_string(kMaxRank) +
                    " and at least one module; given were rank " + std::to_string(spec.rank) +
                    " and " + std::to_string(spec.modules.size()) + " modules.");
  }
  at::Generator generator =
      at::detail::createCPUGenerator(SeedOf(seed, RandomStream::kInitialisation, 1));
  const std::map<std::string, at::Tensor> by_name(weights.begin(), weights.end());
  for (const std::string& module : spec.modules) {
    const auto weight = by_name.find(module + ".weight");
    if (weight == by_name.end() || weight->second.dim() != 2) {
      throw Error(ErrorCode::kEngineFailed,
                  "'" + module + "' is no linear layer of the UNet; it cannot have an adapter.");
    }
    if (std::find(targets_.begin(), targets_.end(), weight->first) != targets_.end()) {
      throw Error(ErrorCode::kEngineFailed, "'" + module + "' is named twice for adapters.");
    }
    const int64_t out = weight->second.size(0), in = weight->second.size(1);
    const auto options = weight->second.options();
    const at::Tensor down = at::empty({spec.rank, in}, options);
    FillUniform(down, {spec.rank, in}, generator);
    targets_.push_back(weight->first);
    tensors_.emplace_back(module + ".lora_A.weight", down);
    tensors_.emplace_back(module + ".lora_B.weight", at::zeros({out, spec.rank}, options));
  }
}

at::Tensor Lora::Merged(size_t i, const at::Tensor& weight,
                        const std::vector<at::Tensor>& values) const {
  return at::addmm(weight, values[2 * i + 1], values[2 * i], 1, scale_);
}

}  // namespace audioldm
