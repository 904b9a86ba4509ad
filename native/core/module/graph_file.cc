#include "module/graph_file.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/irparser.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "module/graph_module.h"
#include "tensor/error.h"
#include "tensor/listing.h"

namespace audioldm {
namespace {

using torch::jit::Graph;

struct GraphFile {
  std::vector<std::string> weights;  // what the graph's last inputs are, in their order
  std::shared_ptr<Graph> graph = std::make_shared<Graph>();
};

GraphFile Read(const std::string& path) {
  std::ifstream stream(path);
  GraphFile file;
  std::string line;
  std::getline(stream, line);  // the hash, by which damage was looked for before
  while (std::getline(stream, line) && !line.starts_with("graph(")) file.weights.push_back(line);
  if (!stream) throw Error(ErrorCode::kEngineFailed, "The graph '" + path + "' cannot be read.");
  std::ostringstream rest;
  rest << line << '\n' << stream.rdbuf();
  torch::jit::parseIR(rest.str(), file.graph.get());
  if (file.graph->inputs().size() < file.weights.size()) {
    throw Error(ErrorCode::kEngineFailed,
                "The graph '" + path + "' has fewer inputs than lines before it.");
  }
  return file;
}

[[noreturn]] void FailWithout(const std::string& name, const GraphFile& file,
                              const PartSpec& part) {
  const std::set<std::string> wanted(file.weights.begin(), file.weights.end());
  std::vector<std::string> others;
  for (const WeightView& weight : part.weights) {
    if (!wanted.contains(weight.name)) others.push_back(weight.name);
  }
  throw Error(ErrorCode::kEngineFailed,
              "The graph '" + part.archive + "' wants a weight '" + name + "', which is not given" +
                  (others.empty() ? "." : "; it does not use " + Listing(others) + "."));
}

void BindInputs(const GraphFile& file, const PartSpec& part, const MappedFiles& files,
                const WeightPlacement& placement) {
  std::unordered_map<std::string, const WeightView*> views;
  for (const WeightView& weight : part.weights) views[weight.name] = &weight;
  Graph& graph = *file.graph;
  const size_t first = graph.inputs().size() - file.weights.size();
  const torch::jit::WithInsertPoint begin(*graph.nodes().begin());
  for (size_t i = 0; i < file.weights.size(); ++i) {
    const auto view = views.find(file.weights[i]);
    if (view == views.end()) FailWithout(file.weights[i], file, part);
    const at::Tensor tensor = LoadAdapted(*view->second, part.adapters, files, placement);
    graph.inputs()[first + i]->replaceAllUsesWith(graph.insertConstant(tensor));
  }
  while (graph.inputs().size() > first) graph.eraseInput(graph.inputs().size() - 1);
}

}  // namespace

bool IsGraphFile(const std::string& path) { return path.ends_with(".graph"); }

torch::jit::Module LoadGraphFile(const PartSpec& part, const MappedFiles& files,
                                 const WeightPlacement& placement) {
  CheckTargets(part.adapters, part.weights);
  GraphFile file;
  try {
    file = Read(part.archive);
  } catch (const std::exception&) {
    throw AsError(std::current_exception(), "reading the graph '" + part.archive + "'");
  }
  BindInputs(file, part, files, placement);
  // Weights that are joined, such as those of queries, keys and values, are joined here and once.
  torch::jit::ConstantPropagation(file.graph);
  torch::jit::EliminateDeadCode(file.graph);
  file.graph->insertInput(0, "self");
  return GraphModule(file.graph);
}

}  // namespace audioldm
