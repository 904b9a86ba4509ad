#include "ops/packed.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include <utility>

namespace audioldm {

PackedLinear::PackedLinear(at::Tensor weight, at::Tensor bias)
    : weight_(std::move(weight)), bias_(std::move(bias)) {}

at::Tensor PackedLinear::Run(const at::Tensor& x) {
  if (!packed_) {
    weight_ = onednn::PackLinear(weight_, x.numel() / std::max<int64_t>(1, x.size(-1)));
    packed_ = true;
  }
  return onednn::Linear(x, weight_, bias_);
}

PackedConv::PackedConv(at::Tensor weight, at::Tensor bias, onednn::ConvGeometry geometry)
    : weight_(std::move(weight)),
      bias_(std::move(bias)),
      geometry_(std::move(geometry)),
      kernel_(weight_.sizes().slice(2).vec()) {}

at::Tensor PackedConv::Run(const at::Tensor& x) {
  if (Unfolds(x)) return RunUnfolded(x);
  if (!packed_) {
    weight_ = onednn::PackConv(weight_, geometry_, x.sizes());
    packed_ = true;
  }
  return onednn::Conv(x.contiguous(at::MemoryFormat::ChannelsLast), weight_, bias_, geometry_);
}

bool PackedConv::Unfolds(const at::Tensor& x) const {
  const std::vector<int64_t> ones = {1, 1};
  // The first image decides: a layer's images keep their width, whatever a clip's length.
  if (unfolded_) return true;
  return !packed_ && x.size(3) <= 3 && kernel_ == std::vector<int64_t>{3, 3} &&
         geometry_.stride == ones && geometry_.padding == ones && geometry_.dilation == ones &&
         geometry_.groups == 1;
}

at::Tensor PackedConv::RunUnfolded(const at::Tensor& x) {
  const int64_t batch = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
  if (!unfolded_) {
    // [O, I, 3, 3] → [O, 3 · 3 · I], the order in which patches lie in channels-last memory.
    unfolded_ = c10::make_intrusive<PackedLinear>(
        weight_.permute({0, 2, 3, 1}).reshape({weight_.size(0), -1}), bias_);
    weight_ = at::Tensor();
  }
  auto rows = x.permute({0, 2, 3, 1});
  auto padded = at::constant_pad_nd(rows, {0, 0, 1, 1, 1, 1}).contiguous();
  auto s = padded.strides();
  auto patches = padded.as_strided({batch, height, width, 3, 3, channels},
                                   {s[0], s[1], s[2], s[1], s[2], s[3]});
  auto y = unfolded_->Run(patches.reshape({batch * height * width, 9 * channels}));
  return y.view({batch, height, width, -1}).permute({0, 3, 1, 2});
}

TORCH_LIBRARY(audioldm, library) {
  library.class_<PackedLinear>("PackedLinear");
  library.class_<PackedConv>("PackedConv");
  library.def(
      "linear(Tensor x, __torch__.torch.classes.audioldm.PackedLinear w) -> Tensor",
      [](const at::Tensor& x, const c10::intrusive_ptr<PackedLinear>& w) { return w->Run(x); });
  library.def(
      "conv2d(Tensor x, __torch__.torch.classes.audioldm.PackedConv w) -> Tensor",
      [](const at::Tensor& x, const c10::intrusive_ptr<PackedConv>& w) { return w->Run(x); });
}

}  // namespace audioldm
