#include "training/linear.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/library.h>

#include <optional>
#include <vector>

#include "ops/onednn.h"

namespace audioldm {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using torch::jit::Node;

at::Tensor Rows(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

// x [..., I], weight [O, I], bias [O] or nothing → [..., O].
class OneDnnLinear : public torch::autograd::Function<OneDnnLinear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["biased"] = bias.has_value();
    return onednn::Linear(x, weight, bias.value_or(at::Tensor()));
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const at::Tensor& gradient = gradients[0];
    variable_list results(3);
    if (context->needs_input_grad(0)) {
      results[0] = onednn::Linear(gradient, weight.t(), at::Tensor());
    }
    if (context->needs_input_grad(1)) {
      results[1] = onednn::Linear(Rows(gradient).t(), Rows(x).t(), at::Tensor());
    }
    const bool biased = context->saved_data["biased"].toBool();
    if (biased && context->needs_input_grad(2)) results[2] = Rows(gradient).sum(0);
    return results;
  }
};

bool Takes(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat;
}

at::Tensor TrainingLinear(const at::Tensor& x, const at::Tensor& weight,
                          const std::optional<at::Tensor>& bias) {
  const bool ours = onednn::Available() && Takes(x) && Takes(weight) && x.numel() > 0 &&
                    !at::autocast::is_autocast_enabled(at::kCPU);
  return ours ? OneDnnLinear::apply(x, weight, bias) : at::linear(x, weight, bias);
}

void Rewrite(torch::jit::Block* block) {
  static const auto kLinear = c10::Symbol::fromQualString("aten::linear");
  static const auto kOurs = c10::Symbol::fromQualString("audioldm::training_linear");
  for (auto it = block->nodes().begin(); it != block->nodes().end();) {
    Node* node = *it++;
    for (torch::jit::Block* inner : node->blocks()) Rewrite(inner);
    if (node->kind() != kLinear) continue;
    Node* linear = node->owningGraph()->create(kOurs, node->inputs());
    linear->insertBefore(node);
    linear->output()->setType(node->output()->type());
    node->output()->replaceAllUsesWith(linear->output());
    node->destroy();
  }
}

TORCH_LIBRARY_FRAGMENT(audioldm, library) {
  library.def("training_linear(Tensor x, Tensor weight, Tensor? bias) -> Tensor", &TrainingLinear);
}

}  // namespace

void UseTrainingLinear(const torch::jit::Module& module) {
  for (const torch::jit::Module& part : module.modules()) {
    for (const torch::jit::Method& method : part.get_methods()) Rewrite(method.graph()->block());
  }
}

}  // namespace audioldm
