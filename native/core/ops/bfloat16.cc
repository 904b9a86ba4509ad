#include "ops/bfloat16.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <exception>

#include "ops/onednn.h"
#include "tensor/serial_section.h"

namespace audioldm {
namespace {

constexpr int64_t kSize = 32;
constexpr double kLarge = 0x1p100;
constexpr double kSubnormal = 0x1p-130;  // in bfloat16 as in float32

bool LinearKeepsSubnormals(at::ScalarType type) {
  const auto x = at::full({kSize, kSize}, kSubnormal, type);
  const auto weight = at::full({kSize, kSize}, kLarge, type);
  return onednn::Linear(x, onednn::PackLinear(weight, kSize), at::Tensor()).any().item<bool>();
}

bool ConvKeepsSubnormals(at::ScalarType type) {
  const onednn::ConvGeometry geometry{{1, 1}, {1, 1}, {1, 1}, 1};
  const auto x = at::full({1, kSize, kSize, kSize}, kSubnormal, type)
                     .contiguous(at::MemoryFormat::ChannelsLast);
  const auto weight = at::full({kSize, kSize, 3, 3}, kLarge, type);
  const auto packed = onednn::PackConv(weight, geometry, x.sizes());
  return onednn::Conv(x, packed, at::Tensor(), geometry).any().item<bool>();
}

// The operators themselves are asked, since no flag tells what they do: cpuinfo, which libtorch
// reads, knows the processor and not the instruction set that oneDNN may be held to
// (ONEDNN_MAX_CPU_ISA), and oneDNN's own answer is not exported. Subnormal numbers give the
// instructions away: those that multiply bfloat16 take them for 0, those for float32 keep them.
bool Try() {
  const c10::InferenceMode inference;
  const SerialSection serial;
  if (!LinearKeepsSubnormals(at::kFloat)) return false;  // this thread drops them in any case
  return !LinearKeepsSubnormals(at::kBFloat16) && !ConvKeepsSubnormals(at::kBFloat16);
}

}  // namespace

bool MultipliesBfloat16() {
  static const bool multiplies = [] {
    if (!onednn::Available()) return false;
    try {
      return Try();
    } catch (const std::exception&) {
      return false;  // refused
    }
  }();
  return multiplies;
}

}  // namespace audioldm
