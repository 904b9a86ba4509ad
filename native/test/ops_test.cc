// The custom operators against libtorch's own in float64, over the shapes that take each of their
// paths. In float32 and bfloat16 they may be off by what libtorch's own operator is off by, give or
// take a factor of three. With "widened" as its argument: oneDNN is held to instructions that do
// not multiply bfloat16.

#include <ATen/ATen.h>
#include <ATen/Version.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <cstdio>
#include <string>

#include "ops/attention.h"
#include "ops/bfloat16.h"
#include "ops/group_norm.h"
#include "ops/packed.h"

namespace {

using audioldm::onednn::ConvGeometry;

int failures = 0;

double Error(const at::Tensor& result, const at::Tensor& exact) {
  if (result.sizes() != exact.sizes()) return INFINITY;
  return (result.to(at::kDouble) - exact).abs().max().item<double>() /
         std::max(exact.std().item<double>(), 1e-12);
}

// Largest errors in units of the exact result's deviation; `slack` is what ours may add.
void Expect(const std::string& what, const at::Tensor& ours, const at::Tensor& stock,
            const at::Tensor& exact, double slack) {
  const double error = Error(ours, exact), limit = 3 * Error(stock, exact) + slack;
  const bool ok = error <= limit;
  std::printf("%s %s: %.1e of std, limit %.1e\n", ok ? "ok  " : "FAIL", what.c_str(), error, limit);
  if (!ok) failures++;
}

std::string Name(const char* what, at::IntArrayRef shape, at::ScalarType type) {
  return std::string(what) + " " + c10::str(shape) + " " + c10::toString(type);
}

void Attention(at::IntArrayRef shape, at::ScalarType type, double slack) {
  // As the UNet makes them: views of one [B, N, 3, H, d] product.
  const auto qkv = at::randn({shape[0], shape[2], 3, shape[1], shape[3]}).mul(2).to(type);
  const auto q = qkv.select(2, 0).transpose(1, 2), k = qkv.select(2, 1).transpose(1, 2),
             v = qkv.select(2, 2).transpose(1, 2);
  const auto reference =
      at::scaled_dot_product_attention(q.to(at::kDouble), k.to(at::kDouble), v.to(at::kDouble));
  Expect(Name("attention", shape, type), audioldm::Attention(q, k, v),
         at::scaled_dot_product_attention(q, k, v), reference, slack);
}

void GroupNorm(at::IntArrayRef shape, at::ScalarType type, double mean, bool silu, double slack,
               int64_t groups = 32) {
  const auto x = at::randn(shape).add(mean).to(type).contiguous(at::MemoryFormat::ChannelsLast);
  const auto weight = at::randn({shape[1]}).to(type), bias = at::randn({shape[1]}).to(type);
  auto reference = at::group_norm(x.to(at::kDouble).contiguous(), groups, weight.to(at::kDouble),
                                  bias.to(at::kDouble), 1e-5);
  if (silu) reference = at::silu(reference);
  auto stock = at::group_norm(x.contiguous(), groups, weight, bias, 1e-5);
  if (silu) stock = at::silu(stock);
  const auto name = Name("group_norm", shape, type) + " mean " + std::to_string(mean);
  Expect(name, audioldm::GroupNorm(x, groups, weight, bias, 1e-5, silu), stock, reference, slack);
}

void Linear(at::IntArrayRef input, int64_t outputs, at::ScalarType type, double slack) {
  const auto x = at::randn(input).to(type), weight = at::randn({outputs, input.back()}).to(type),
             bias = at::randn({outputs}).to(type);
  const auto reference =
      at::linear(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble));
  audioldm::PackedLinear packed(weight, bias);
  Expect(Name("linear", input, type), packed.Run(x), at::linear(x, weight, bias), reference, slack);
  Expect(Name("linear again", input, type), packed.Run(x), at::linear(x, weight, bias), reference,
         slack);
}

void Conv(at::IntArrayRef input, int64_t outputs, std::vector<int64_t> kernel, ConvGeometry g,
          at::ScalarType type, double slack) {
  const auto x = at::randn(input).to(type).contiguous(at::MemoryFormat::ChannelsLast);
  const auto weight = at::randn({outputs, input[1], kernel[0], kernel[1]}).to(type);
  const auto bias = at::randn({outputs}).to(type);
  audioldm::PackedConv packed(weight, bias, g);
  // A second, longer input: packing decided at the first must serve it too.
  for (const auto& image : {x, at::cat({x, x}, 2)}) {
    const auto reference = at::conv2d(image.to(at::kDouble), weight.to(at::kDouble),
                                      bias.to(at::kDouble), g.stride, g.padding, g.dilation);
    Expect(Name("conv2d", image.sizes(), type), packed.Run(image),
           at::conv2d(image, weight, bias, g.stride, g.padding, g.dilation), reference, slack);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const c10::InferenceMode inference;
  at::manual_seed(0);
  const bool held = argc > 1 && std::string(argv[1]) == "widened";
  const bool native = audioldm::MultipliesBfloat16();
  std::printf("%s, bfloat16 is %s\n", at::get_cpu_capability().c_str(),
              native ? "multiplied" : "not multiplied");
  if (held && native) {
    std::printf(
        "FAIL oneDNN is held to instructions without bfloat16, and is taken to have them\n");
    failures++;
  }
  for (const auto& [type, slack] : {std::pair{at::kFloat, 2e-6}, {at::kBFloat16, 1e-3}}) {
    Attention({2, 8, 1024, 32}, type, slack);
    Attention({2, 8, 77, 48}, type, slack);
    Attention({1, 3, 64, 80}, type, slack);
    Attention({1, 2, 1, 128}, type, slack);
    Attention({2, 2, 13, 7}, type, slack);
    Attention({1, 1, 600, 512}, type, slack);
    for (const bool silu : {false, true}) {
      GroupNorm({2, 128, 64, 16}, type, 0, silu, slack);
      GroupNorm({1, 640, 5, 2}, type, 1, silu, slack);
      GroupNorm({1, 32, 1, 1}, type, 0, silu, slack);
    }
    if (type == at::kBFloat16 && !native) continue;  // no layer is packed in it there
    Linear({2, 100, 256}, 768, type, slack);
    Linear({7, 33}, 5, type, slack);
    const ConvGeometry same{{1, 1}, {1, 1}, {1, 1}, 1};
    Conv({2, 32, 20, 16}, 48, {3, 3}, same, type, slack);
    Conv({2, 64, 9, 2}, 32, {3, 3}, same, type, slack);  // unfolded
    Conv({1, 16, 3, 1}, 16, {3, 3}, same, type, slack);  // unfolded
    Conv({1, 32, 9, 8}, 32, {3, 3}, {{2, 2}, {1, 1}, {1, 1}, 1}, type, slack);
    Conv({1, 32, 1, 200}, 32, {1, 11}, {{1, 1}, {0, 25}, {1, 5}, 1}, type, slack);
  }
  // Where the mean dwarfs the deviation libtorch's channels-last kernel is off by 1e-3.
  GroupNorm({2, 128, 64, 16}, at::kFloat, 10, false, 2e-6);
  GroupNorm({2, 128, 64, 16}, at::kFloat, 10, true, 2e-6);
  GroupNorm({1, 8, 256, 64}, at::kFloat, 10, false, 2e-6, 4);
  GroupNorm({1, 8, 256, 64}, at::kFloat, 10, true, 2e-6, 4);
  std::printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
