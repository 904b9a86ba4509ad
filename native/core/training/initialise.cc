#include "training/initialise.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <map>

#include "training/random_seed.h"

namespace audioldm {
namespace {

// The name of the layer without its path: `conv2` of `down_blocks.0.resnets.0.conv2.weight`.
std::string LayerOf(const std::string& name) {
  const std::string path = name.substr(0, name.rfind('.'));
  return path.substr(path.rfind('.') + 1);
}

bool StartsAtZero(const std::string& layer) {
  return layer == "conv2" || layer == "proj_out" || layer == "conv_out";
}

}  // namespace

void FillUniform(const at::Tensor& tensor, const std::vector<int64_t>& shape,
                 at::Generator& generator) {
  double fan_in = 1;
  for (size_t i = 1; i < shape.size(); ++i) fan_in *= static_cast<double>(shape[i]);
  const double bound = fan_in > 0 ? 1 / std::sqrt(fan_in) : 0;
  tensor.copy_(at::empty(tensor.sizes(), at::kFloat).uniform_(-bound, bound, generator));
}

void InitialiseUnet(const std::vector<std::pair<std::string, at::Tensor>>& weights, uint64_t seed) {
  at::Generator generator =
      at::detail::createCPUGenerator(SeedOf(seed, RandomStream::kInitialisation, 0));
  const std::map<std::string, at::Tensor> by_name(weights.begin(), weights.end());
  for (const auto& [name, tensor] : by_name) {
    const std::string path = name.substr(0, name.rfind('.'));
    const bool bias = name.ends_with(".bias");
    const auto weight = by_name.find(path + ".weight");
    if (StartsAtZero(LayerOf(name))) {
      tensor.zero_();
    } else if (weight != by_name.end() && weight->second.dim() > 1) {
      FillUniform(tensor, weight->second.sizes().vec(), generator);
    } else {
      tensor.fill_(bias ? 0 : 1);
    }
  }
}

}  // namespace audioldm
