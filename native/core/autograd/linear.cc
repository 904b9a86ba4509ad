#include "autograd/linear.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <optional>
#include <vector>

#include "autograd/precision.h"
#include "ops/onednn.h"

namespace audioldm {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

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

// The same in bfloat16 of float32 weights, whose gradients come out as they lie.
class Bfloat16Linear : public torch::autograd::Function<Bfloat16Linear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias) {
    const at::Tensor narrow = x.to(at::kBFloat16), matrix = weight.to(at::kBFloat16);
    context->save_for_backward({narrow, matrix});
    context->saved_data["biased"] = bias.has_value();
    return at::linear(narrow, matrix, bias ? bias->to(at::kBFloat16) : bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor rows = Rows(gradients[0]);
    variable_list results(3);
    if (context->needs_input_grad(0)) results[0] = at::mm(rows, saved[1]).view_as(saved[0]);
    if (context->needs_input_grad(1)) {
      results[1] = at::mm(rows.t(), Rows(saved[0])).to(at::kFloat);
    }
    const bool biased = context->saved_data["biased"].toBool();
    if (biased && context->needs_input_grad(2)) results[2] = rows.sum(0, false, at::kFloat);
    return results;
  }
};

bool Takes(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat;
}

}  // namespace

at::Tensor TrainingLinear(const at::Tensor& x, const at::Tensor& weight,
                          const std::optional<at::Tensor>& bias) {
  if (!onednn::Available() || !x.is_cpu() || !Takes(weight) || x.numel() == 0) {
    return at::linear(x, weight, bias);
  }
  if (InBfloat16(x)) return Bfloat16Linear::apply(x, weight, bias);
  return Takes(x) ? OneDnnLinear::apply(x, weight, bias) : at::linear(x, weight, bias);
}

TORCH_LIBRARY_FRAGMENT(audioldm, library) {
  library.def("training_linear(Tensor x, Tensor weight, Tensor? bias) -> Tensor", &TrainingLinear);
}

}  // namespace audioldm
