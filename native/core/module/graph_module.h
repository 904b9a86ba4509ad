#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <memory>

namespace audioldm {

// A module whose `forward` is `graph`, which belongs to it from then on. The first input of the
// graph is the module itself, and has no use.
torch::jit::Module GraphModule(const std::shared_ptr<torch::jit::Graph>& graph);

}  // namespace audioldm
