#include "autograd/rewrite.h"

#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/subgraph_rewrite.h>

namespace audioldm {
namespace {

struct Rule {
  const char *pattern, *replacement;
};

// In this order. What a pattern takes for granted, such as a dimension, the archive says.
constexpr Rule kRules[] = {
    {R"(graph(%offset, %first, %second, %factor, %x, %groups, %weight, %bias, %eps, %cudnn):
          %row = aten::unsqueeze(%offset, %first)
          %pixel = aten::unsqueeze(%row, %second)
          %sum = aten::add(%x, %pixel, %factor)
          %y = aten::group_norm(%sum, %groups, %weight, %bias, %eps, %cudnn)
          %z = aten::silu(%y)
          return (%z))",
     R"(graph(%offset, %first, %second, %factor, %x, %groups, %weight, %bias, %eps, %cudnn):
          %silu : bool = prim::Constant[value=1]()
          %z = audioldm::training_group_norm(%x, %offset, %groups, %weight, %bias, %eps, %silu)
          return (%z))"},
    {R"(graph(%x, %groups, %weight, %bias, %eps, %cudnn):
          %y = aten::group_norm(%x, %groups, %weight, %bias, %eps, %cudnn)
          %z = aten::silu(%y)
          return (%z))",
     R"(graph(%x, %groups, %weight, %bias, %eps, %cudnn):
          %none : NoneType = prim::Constant()
          %silu : bool = prim::Constant[value=1]()
          %z = audioldm::training_group_norm(%x, %none, %groups, %weight, %bias, %eps, %silu)
          return (%z))"},
    {R"(graph(%x, %groups, %weight, %bias, %eps, %cudnn):
          %y = aten::group_norm(%x, %groups, %weight, %bias, %eps, %cudnn)
          return (%y))",
     R"(graph(%x, %groups, %weight, %bias, %eps, %cudnn):
          %none : NoneType = prim::Constant()
          %silu : bool = prim::Constant[value=0]()
          %z = audioldm::training_group_norm(%x, %none, %groups, %weight, %bias, %eps, %silu)
          return (%z))"},
    {R"(graph(%x, %shape, %weight, %bias, %eps, %cudnn):
          %y = aten::layer_norm(%x, %shape, %weight, %bias, %eps, %cudnn)
          return (%y))",
     R"(graph(%x, %shape, %weight, %bias, %eps, %cudnn):
          %y = audioldm::training_layer_norm(%x, %weight, %bias, %eps)
          return (%y))"},
    {R"(graph(%x, %y, %factor):
          %sum : Tensor = aten::add(%x, %y, %factor)
          return (%sum))",
     R"(graph(%x, %y, %factor):
          %sum = audioldm::training_add(%x, %y)
          return (%sum))"},
    {R"(graph(%qkv, %batch, %tokens, %three, %heads, %rest, %order, %first, %mask, %dropout, %causal, %scale, %grouped, %one, %two, %shape):
          %sizes : int[] = prim::ListConstruct(%batch, %tokens, %three, %heads, %rest)
          %parts = aten::view(%qkv, %sizes)
          %ordered = aten::permute(%parts, %order)
          %list : Tensor[] = aten::unbind(%ordered, %first)
          %q, %k, %v = prim::ListUnpack(%list)
          %mixed = aten::scaled_dot_product_attention(%q, %k, %v, %mask, %dropout, %causal, %scale, %grouped)
          %swapped = aten::transpose(%mixed, %one, %two)
          %y = aten::reshape(%swapped, %shape)
          return (%y))",
     R"(graph(%qkv, %batch, %tokens, %three, %heads, %rest, %order, %first, %mask, %dropout, %causal, %scale, %grouped, %one, %two, %shape):
          %y = audioldm::training_attention(%qkv, %heads)
          return (%y))"},
    {R"(graph(%x, %chunks, %last, %approximate):
          %list : Tensor[] = aten::chunk(%x, %chunks, %last)
          %value, %gate = prim::ListUnpack(%list)
          %gelu = aten::gelu(%gate, %approximate)
          %y = aten::mul(%value, %gelu)
          return (%y))",
     R"(graph(%x, %chunks, %last, %approximate):
          %y = audioldm::training_gated(%x)
          return (%y))"},
    {R"(graph(%x, %weight, %bias):
          %y = aten::linear(%x, %weight, %bias)
          return (%y))",
     R"(graph(%x, %weight, %bias):
          %y = audioldm::training_linear(%x, %weight, %bias)
          return (%y))"},
};

}  // namespace

void UseTrainingOperators(const torch::jit::Module& unet) {
  std::shared_ptr<torch::jit::Graph> graph = unet.get_method("forward").graph();
  torch::jit::Inline(*graph);
  for (const Rule& rule : kRules) {
    torch::jit::SubgraphRewriter rewriter;
    rewriter.RegisterRewritePattern(rule.pattern, rule.replacement);
    rewriter.runOnGraph(graph);
  }
}

}  // namespace audioldm
