#include "module/feature_cut.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <memory>
#include <vector>

#include "module/graph_module.h"
#include "tensor/error.h"

namespace audioldm {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

// Layers on the way up that are computed from the sample at each step. With fewer, sounds change
// more for little time: the last one has the skip connection of the first convolution alone.
constexpr size_t kLayersAbove = 2;

// What joins two states along their channels, as each layer on the way up does first.
bool JoinsTwo(const Node* node) {
  if (node->kind() != c10::aten::cat) return false;
  const Node* list = node->input(0)->node();
  const auto dimension = torch::jit::toIValue(node->input(1));
  return list->kind() == c10::prim::ListConstruct && list->inputs().size() == 2 && dimension &&
         dimension->toInt() == 1;
}

// The first of the two states that the layer takes.
Value* DeepFeatures(Graph& graph) {
  std::vector<Node*> joins;
  for (Node* node : graph.nodes()) {
    if (JoinsTwo(node)) joins.push_back(node);
  }
  // The first of all joins timestep and condition.
  if (joins.size() <= kLayersAbove + 1 || !graph.inputs()[0]->uses().empty()) {
    throw Error(ErrorCode::kEngineFailed, "The UNet's graph has no place to be cut at.");
  }
  return joins[joins.size() - kLayersAbove]->input(0)->node()->input(0);
}

torch::jit::Module Whole(const std::shared_ptr<Graph>& graph) {
  Node* both = graph->createTuple({graph->outputs()[0], DeepFeatures(*graph)});
  graph->appendNode(both);
  graph->eraseOutput(0);
  graph->registerOutput(both->output());
  return GraphModule(graph);
}

torch::jit::Module Shallow(const std::shared_ptr<Graph>& graph) {
  Value* deep = DeepFeatures(*graph);
  deep->replaceAllUsesWith(graph->addInput("deep")->setType(deep->type()));
  torch::jit::EliminateDeadCode(graph);
  return GraphModule(graph);
}

}  // namespace

CutUNet CutFeatures(const torch::jit::Module& unet) {
  const std::shared_ptr<Graph> graph = unet.get_method("forward").graph();
  return {Whole(graph->copy()), Shallow(graph->copy())};
}

}  // namespace audioldm
