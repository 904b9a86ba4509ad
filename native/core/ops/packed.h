#pragma once

#include <ATen/core/Tensor.h>
#include <torch/custom_class.h>

#include "ops/onednn.h"

namespace audioldm {

// Weights of a linear layer or a convolution, prepacked for the CPU. They stand in frozen graphs as
// constants, used by `audioldm::linear` and `audioldm::conv2d`. Inference only; one thread at a
// time, since packing happens at first use.

class PackedLinear : public torch::CustomClassHolder {
 public:
  // weight [O, I], bias [O] or undefined; on the CPU, float32, or bfloat16 where
  // MultipliesBfloat16.
  PackedLinear(at::Tensor weight, at::Tensor bias);

  // x [..., I] in the weight's dtype → [..., O].
  at::Tensor Run(const at::Tensor& x);

 private:
  at::Tensor weight_;  // dense until packed
  at::Tensor bias_;
  bool packed_ = false;
};

class PackedConv : public torch::CustomClassHolder {
 public:
  // weight [O, I / groups, kh, kw], bias [O] or undefined; dtypes as of PackedLinear.
  PackedConv(at::Tensor weight, at::Tensor bias, onednn::ConvGeometry geometry);

  // x [N, I, H, W] in the weight's dtype → [N, O, H', W'] in channels-last memory.
  //
  // Narrow images (three columns or fewer, as at the UNet's deepest level) go through one matrix
  // product over unfolded patches, 2 to 4 times as fast there as oneDNN's convolution; all others
  // through the convolution.
  at::Tensor Run(const at::Tensor& x);

 private:
  bool Unfolds(const at::Tensor& x) const;
  at::Tensor RunUnfolded(const at::Tensor& x);

  at::Tensor weight_;  // dense, packed for a convolution, or undefined once in unfolded_
  at::Tensor bias_;
  onednn::ConvGeometry geometry_;
  std::vector<int64_t> kernel_;
  bool packed_ = false;
  c10::intrusive_ptr<PackedLinear> unfolded_;
};

}  // namespace audioldm
