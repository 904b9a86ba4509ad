#include "module/adapters.h"

#include <ATen/ATen.h>

#include <cmath>
#include <set>

#include "tensor/error.h"
#include "tensor/listing.h"

namespace audioldm {
namespace {

[[noreturn]] void Refuse(const std::string& tensor, const std::string& why) {
  throw Error(ErrorCode::kInvalidWeights, "The tensor '" + tensor + "' " + why);
}

void CheckShapes(const WeightView& weight, const Adapter& adapter) {
  if (weight.shape.size() != 2 || !at::isFloatingType(weight.dtype)) {
    Refuse(weight.name, "is not the weight of a linear layer, which adapters are for.");
  }
  const auto check = [&](const WeightView& factor, int64_t rows, int64_t columns) {
    if (!at::isFloatingType(factor.dtype) || factor.shape.size() != 2 ||
        (rows >= 0 && factor.shape[0] != rows) || factor.shape[1] != columns) {
      Refuse(factor.name, "is " + c10::str(c10::IntArrayRef(factor.shape)) +
                              ", which does not fit the weight '" + weight.name + "' " +
                              c10::str(c10::IntArrayRef(weight.shape)) + ".");
    }
  };
  check(adapter.down, -1, weight.shape[1]);
  check(adapter.up, weight.shape[0], adapter.down.shape[0]);
  if (!std::isfinite(adapter.scale)) Refuse(weight.name, "has an adapter of infinite strength.");
}

}  // namespace

void CheckTargets(const std::vector<Adapter>& adapters, const std::vector<WeightView>& weights) {
  std::set<std::string> names;
  for (const WeightView& weight : weights) names.insert(weight.name);
  std::vector<std::string> unknown;
  for (const Adapter& adapter : adapters) {
    if (!names.contains(adapter.target)) unknown.push_back(adapter.target);
  }
  if (!unknown.empty()) {
    throw Error(
        ErrorCode::kInvalidWeights,
        "There are adapters of weights that the model does not have: " + Listing(unknown) + ".");
  }
}

at::Tensor LoadAdapted(const WeightView& weight, const std::vector<Adapter>& adapters,
                       const MappedFiles& files, const WeightPlacement& placement) {
  const WeightPlacement exact{placement.device, at::kFloat, /*channels_last=*/false};
  at::Tensor sum;
  for (const Adapter& adapter : adapters) {
    if (adapter.target != weight.name) continue;
    CheckShapes(weight, adapter);
    // What LoadWeight gives may be a read-only view of the file.
    if (!sum.defined()) sum = LoadWeight(weight, files, exact).clone();
    sum.addmm_(LoadWeight(adapter.up, files, exact), LoadWeight(adapter.down, files, exact),
               /*beta=*/1, /*alpha=*/adapter.scale);
  }
  if (!sum.defined()) return LoadWeight(weight, files, placement);
  const at::Tensor merged = sum.to(placement.dtype);
  if (!merged.isfinite().all().item<bool>()) {
    Refuse(weight.name, "has values that are not finite once its adapters are merged.");
  }
  return merged;
}

}  // namespace audioldm
