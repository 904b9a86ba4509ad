#include "module/widen.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <optional>
#include <string>

namespace audioldm {
namespace {

using torch::jit::Node;
using torch::jit::Value;

constexpr auto kBfloat16 = static_cast<int64_t>(at::kBFloat16);
constexpr auto kFloat32 = static_cast<int64_t>(at::kFloat);

bool IsBfloat16(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined() &&
         value.toTensor().scalar_type() == at::kBFloat16;
}

Value* InsertConstant(Node* before, const c10::IValue& value) {
  torch::jit::WithInsertPoint point(before);
  return before->owningGraph()->insertConstant(value);
}

void WidenTensor(Node* constant) {
  const auto value = torch::jit::toIValue(constant->output());
  if (!value || !IsBfloat16(*value)) return;
  constant->output()->replaceAllUsesWith(
      InsertConstant(constant, value->toTensor().to(at::kFloat)));
}

// The code of a dtype is an integer like any other: its argument's name tells it.
void WidenCasts(Node* node) {
  const torch::jit::FunctionSchema* schema = node->maybeSchema();
  if (schema == nullptr) return;
  for (size_t i = 0; i < node->inputs().size() && i < schema->arguments().size(); ++i) {
    if (schema->arguments()[i].name() != "dtype") continue;
    const auto value = torch::jit::toIValue(node->input(i));
    if (!value || !value->isInt() || value->toInt() != kBfloat16) continue;
    node->replaceInput(i, InsertConstant(node, kFloat32));
  }
}

void WidenBlock(torch::jit::Block* block) {
  for (Node* node : block->nodes()) {
    for (torch::jit::Block* inner : node->blocks()) WidenBlock(inner);
    if (node->kind() == torch::jit::prim::Constant) {
      WidenTensor(node);
    } else {
      WidenCasts(node);
    }
  }
}

}  // namespace

void WidenBfloat16(torch::jit::Module& frozen) {
  auto graph = frozen.get_method("forward").graph();
  WidenBlock(graph->block());
  // Drops the narrow constants.
  torch::jit::EliminateDeadCode(graph);
}

}  // namespace audioldm
