#include "training/adamw.h"

#include <ATen/ATen.h>

#include <optional>

namespace audioldm {

AdamW::AdamW(const std::vector<at::Tensor>& weights, const AdamWSettings& settings)
    : settings_(settings) {
  for (const at::Tensor& weight : weights) {
    averages_.push_back(at::zeros_like(weight));
    squares_.push_back(at::zeros_like(weight));
  }
}

void AdamW::Update(std::vector<at::Tensor>& weights, std::vector<at::Tensor>& gradients,
                   double rate, double scale) {
  if (weights.empty()) return;
  ++updates_;
  const auto options = weights.front().options().requires_grad(false);
  const std::vector<at::Tensor> steps(
      weights.size(), at::full({}, static_cast<double>(updates_), options.dtype(at::kFloat)));
  // The kernel divides by it.
  std::optional<at::Tensor> divisor;
  if (scale != 1) divisor = at::full({}, 1 / scale, options.dtype(at::kFloat));
  at::_fused_adamw_(weights, gradients, averages_, squares_, {}, steps, rate, settings_.beta1,
                    settings_.beta2, settings_.weight_decay, settings_.epsilon, /*amsgrad=*/false,
                    /*maximize=*/false, divisor, std::nullopt);
}

}  // namespace audioldm
