#include "module/cpu_pass.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/custom_class.h>

#include <functional>
#include <string>
#include <utility>

#include "module/widen.h"
#include "ops/bfloat16.h"
#include "ops/packed.h"

namespace audioldm {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::toIValue;
using torch::jit::Value;

// A constant weight that the kernels take.
bool IsWeight(const Value* value, at::Tensor* weight) {
  auto constant = toIValue(value);
  if (!constant || !constant->isTensor()) return false;
  *weight = constant->toTensor();
  return weight->is_cpu() &&
         (weight->scalar_type() == at::kFloat || weight->scalar_type() == at::kBFloat16);
}

// A constant bias or None.
bool IsBias(const Value* value, at::Tensor* bias) {
  auto constant = toIValue(value);
  if (!constant || !(constant->isTensor() || constant->isNone())) return false;
  *bias = constant->isTensor() ? constant->toTensor() : at::Tensor();
  return true;
}

bool IsNone(const Value* value) {
  auto constant = toIValue(value);
  return constant && constant->isNone();
}

void Replace(Node* node, const char* op, std::vector<Value*> inputs) {
  Graph* graph = node->owningGraph();
  Node* fast = graph->create(c10::Symbol::fromQualString(op), inputs);
  fast->insertBefore(node);
  fast->output()->setType(node->output()->type());
  node->output()->replaceAllUsesWith(fast->output());
}

template <typename Packed, typename... Args>
Value* InsertPacked(Node* before, Args&&... args) {
  torch::jit::WithInsertPoint point(before);
  return before->owningGraph()->insertConstant(
      torch::make_custom_class<Packed>(std::forward<Args>(args)...));
}

void ReplaceLinear(Node* node) {
  at::Tensor weight, bias;
  if (!IsWeight(node->input(1), &weight) || weight.dim() != 2 || !IsBias(node->input(2), &bias)) {
    return;
  }
  Replace(node, "audioldm::linear",
          {node->input(0), InsertPacked<PackedLinear>(node, weight, bias)});
}

void ReplaceConv(Node* node) {
  at::Tensor weight, bias;
  if (!IsWeight(node->input(1), &weight) || weight.dim() != 4 || !IsBias(node->input(2), &bias)) {
    return;
  }
  auto stride = toIValue(node->input(3)), padding = toIValue(node->input(4)),
       dilation = toIValue(node->input(5)), groups = toIValue(node->input(6));
  if (!stride || !padding || !padding->isIntList() || !dilation || !groups) return;
  onednn::ConvGeometry geometry{stride->toIntVector(), padding->toIntVector(),
                                dilation->toIntVector(), groups->toInt()};
  Replace(node, "audioldm::conv2d",
          {node->input(0), InsertPacked<PackedConv>(node, weight, bias, geometry)});
}

void ReplaceAttention(Node* node) {
  const auto dropout = toIValue(node->input(4)), causal = toIValue(node->input(5));
  if (!IsNone(node->input(3)) || !dropout || dropout->toDouble() != 0 || !causal ||
      causal->toBool() || !IsNone(node->input(6))) {
    return;
  }
  Replace(node, "audioldm::attention", {node->input(0), node->input(1), node->input(2)});
}

// With the SiLU that follows it, where it has no other use.
void ReplaceGroupNorm(Node* node) {
  auto groups = toIValue(node->input(1)), eps = toIValue(node->input(4));
  if (!groups || !eps || IsNone(node->input(2)) || IsNone(node->input(3))) return;
  const auto& uses = node->output()->uses();
  Node* silu = uses.size() == 1 ? uses[0].user : nullptr;
  if (silu != nullptr && silu->kind() != c10::Symbol::fromQualString("aten::silu")) silu = nullptr;
  torch::jit::WithInsertPoint point(node);
  Value* fused = node->owningGraph()->insertConstant(silu != nullptr);
  Replace(silu != nullptr ? silu : node, "audioldm::group_norm",
          {node->input(0), node->input(1), node->input(2), node->input(3), node->input(4), fused});
}

void Visit(torch::jit::Block* block) {
  for (Node* node : block->nodes()) {
    for (torch::jit::Block* inner : node->blocks()) Visit(inner);
    const std::string kind = node->kind().toQualString();
    if (kind == "aten::linear") ReplaceLinear(node);
    if (kind == "aten::conv2d") ReplaceConv(node);
    if (kind == "aten::group_norm") ReplaceGroupNorm(node);
    if (kind == "aten::scaled_dot_product_attention") ReplaceAttention(node);
  }
}

}  // namespace

void UseCpuKernels(torch::jit::Module& frozen) {
  if (!MultipliesBfloat16()) WidenBfloat16(frozen);
  if (!onednn::Available()) return;
  auto graph = frozen.get_method("forward").graph();
  Visit(graph->block());
  // Drops the replaced nodes and, with them, the last hold on the unpacked weights.
  torch::jit::EliminateDeadCode(graph);
}

}  // namespace audioldm
