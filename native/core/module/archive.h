#pragma once

#include <torch/csrc/jit/api/module.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "module/adapters.h"
#include "module/weights.h"

namespace audioldm {

// A value for an attribute of an archive's root module: AttributeValue of lib/native/binding.ts.
using AttributeValue = std::variant<double, bool, std::vector<double>, std::vector<bool>>;

struct Attribute {
  std::string name;
  AttributeValue value;
};

// Where a tensor of an archive is: the module that holds it, and its name there.
struct Slot {
  torch::jit::Module module;
  std::string name;
};

// By the dotted name of the tensor; nothing where the archive has no such tensor.
std::optional<Slot> FindSlot(const torch::jit::Module& root, const std::string& path);

// A TorchScript archive with what it holds (constants, and weights where it has any) on `device`.
// Throws Error (kEngineFailed) naming the file when it cannot be read or is no such archive.
torch::jit::Module LoadArchive(const std::string& path, at::Device device);

// Sets the attributes on the root module, each as the type that the archive declares for it, then
// every weight, by its dotted name, as LoadAdapted makes it. Throws Error: kEngineFailed listing
// attributes that the archive lacks or declares with another type, kInvalidWeights listing tensors
// that it lacks, or adapters of weights that are not given.
void Bind(torch::jit::Module& module, const std::vector<Attribute>& attributes,
          const std::vector<WeightView>& weights, const MappedFiles& files,
          const WeightPlacement& placement, const std::vector<Adapter>& adapters = {});

// The module for inference: attributes and weights made constants, branches that they decide
// removed. Shares the weights' memory. A module that was frozen when it was saved comes back as is.
torch::jit::Module Frozen(torch::jit::Module module);

}  // namespace audioldm
