// A module with bfloat16 weights, computed in float32: what CPUs get that do not multiply bfloat16.
// WidenBfloat16 is tried on every CPU; UseCpuKernels decides by itself and is held to what it
// chose.

#include "module/widen.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

#include <cstdio>
#include <string>

#include "module/archive.h"
#include "module/cpu_pass.h"
#include "ops/bfloat16.h"

namespace {

int failures = 0;

void Check(bool holds, const std::string& what) {
  std::printf("%s %s\n", holds ? "ok  " : "FAIL", what.c_str());
  if (!holds) failures++;
}

// As archives cast: to the dtype of weights, and to one that is an attribute.
constexpr char kSource[] = R"(
def forward(self, x):
    x = x.to(self.kernel.dtype)
    y = torch.conv2d(x, self.kernel, self.kernel_bias, [1, 1], [1, 1], [1, 1], 1)
    y = torch.silu(torch.group_norm(y, 8, self.scale, self.shift, 1e-5))
    q = torch.linear(y.permute(0, 2, 3, 1).flatten(1, 2), self.weight, self.bias)
    q = q.unflatten(2, [4, 16]).transpose(1, 2)
    q = torch.scaled_dot_product_attention(q, q, q)
    z = torch.zeros([1], dtype=self.compute_dtype)
    return (q + z).transpose(1, 2).flatten(2, 3).to(self.compute_dtype)
)";

torch::jit::Module Make(at::ScalarType weights, at::ScalarType compute) {
  torch::jit::Module module("m");
  at::manual_seed(1);
  const auto add = [&](const char* name, at::IntArrayRef shape, double scale) {
    // In every dtype the values of bfloat16.
    const auto values = at::randn(shape).mul(scale).to(at::kBFloat16).to(weights);
    module.register_parameter(name, values, /*is_buffer=*/false);
  };
  add("kernel", {64, 32, 3, 3}, 0.06);
  add("kernel_bias", {64}, 1);
  add("scale", {64}, 1);
  add("shift", {64}, 1);
  add("weight", {64, 64}, 0.12);
  add("bias", {64}, 1);
  module.register_attribute("compute_dtype", c10::IntType::get(), static_cast<int64_t>(compute));
  module.register_attribute("training", c10::BoolType::get(), false);
  module.define(kSource);
  return audioldm::Frozen(module);
}

bool HoldsBfloat16(torch::jit::Block* block) {
  for (torch::jit::Node* node : block->nodes()) {
    for (torch::jit::Block* inner : node->blocks()) {
      if (HoldsBfloat16(inner)) return true;
    }
    if (node->kind() != torch::jit::prim::Constant) continue;
    const auto value = torch::jit::toIValue(node->output());
    if (value && value->isTensor() && value->toTensor().scalar_type() == at::kBFloat16) return true;
  }
  return false;
}

double Error(const at::Tensor& result, const at::Tensor& exact) {
  return (result.to(at::kDouble) - exact).abs().max().item<double>() / exact.std().item<double>();
}

void CheckError(const at::Tensor& result, const at::Tensor& exact, double least, double most,
                const std::string& what) {
  const double error = Error(result, exact);
  char text[80];
  std::snprintf(text, sizeof(text), ": %.1e of std, from %.0e to %.0e", error, least, most);
  Check(error >= least && error <= most, what + text);
}

}  // namespace

int main() {
  const at::Tensor x = at::randn({2, 32, 20, 16});
  const at::NoGradGuard no_grad;
  const auto run = [&](torch::jit::Module module) {
    const c10::InferenceMode inference;
    return module.forward({x}).toTensor();
  };
  const at::Tensor exact = run(Make(at::kDouble, at::kDouble));

  torch::jit::Module widened = Make(at::kBFloat16, at::kBFloat16);
  Check(HoldsBfloat16(widened.get_method("forward").graph()->block()), "bfloat16 is bound");
  audioldm::WidenBfloat16(widened);
  Check(!HoldsBfloat16(widened.get_method("forward").graph()->block()), "none is left");
  const at::Tensor result = run(widened);
  Check(result.scalar_type() == at::kFloat, "float32 comes out");
  CheckError(result, exact, 0, 1e-5, "weights are rounded, nothing else");

  torch::jit::Module chosen = Make(at::kBFloat16, at::kBFloat16);
  audioldm::UseCpuKernels(chosen);
  if (audioldm::MultipliesBfloat16()) {
    CheckError(run(chosen), exact, 1e-3, 0.1, "multiplied in bfloat16");
  } else {
    CheckError(run(chosen), exact, 0, 1e-5, "computed in float32");
  }

  torch::jit::Module plain = Make(at::kFloat, at::kFloat);
  const at::Tensor before = run(Make(at::kFloat, at::kFloat));
  audioldm::WidenBfloat16(plain);
  Check(at::equal(run(plain), before), "float32 stays as it is");

  std::printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
