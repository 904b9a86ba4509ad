#include "module/graph_module.h"

namespace audioldm {

torch::jit::Module GraphModule(const std::shared_ptr<torch::jit::Graph>& graph) {
  torch::jit::Module module("__torch__.audioldm.Graph");
  graph->inputs()[0]->setType(module.type());
  const c10::QualifiedName name(*module.type()->name(), "forward");
  module.type()->addMethod(module._ivalue()->compilation_unit()->create_function(name, graph));
  return module;
}

}  // namespace audioldm
