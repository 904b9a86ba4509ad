#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace audioldm::onednn {

// libtorch's oneDNN operators with weights in a layout of their own ("prepacked"), which stock
// modules do not use: aten::linear goes to MKL in float32, and aten::conv2d reorders its weights
// at every call. Each is present where onednn::Available().

// Whether this libtorch was built with oneDNN and has the operators.
bool Available();

struct ConvGeometry {
  std::vector<int64_t> stride, padding, dilation;
  int64_t groups = 1;
};

// weight: [O, I]; rows: a hint of how many rows the input will have. float32, or bfloat16 where the
// CPU takes it, else c10::Error.
at::Tensor PackLinear(const at::Tensor& weight, int64_t rows);
// x: [..., I] → [..., O].
at::Tensor Linear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias);

// weight: [O, I / groups, kh, kw]; input_size: sizes of a typical input.
at::Tensor PackConv(const at::Tensor& weight, const ConvGeometry& geometry,
                    at::IntArrayRef input_size);
// x: [N, I, H, W] → [N, O, H', W'], channels last when x is.
at::Tensor Conv(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                const ConvGeometry& geometry);

}  // namespace audioldm::onednn
