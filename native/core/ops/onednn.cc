#include "ops/onednn.h"

#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace audioldm::onednn {
namespace {

using c10::List;
using std::optional;

optional<c10::OperatorHandle> Find(const char* name) {
  return c10::Dispatcher::singleton().findSchema({name, ""});
}

template <typename Signature>
const c10::TypedOperatorHandle<Signature>& Handle(const char* name) {
  static const auto handle = Find(name).value().typed<Signature>();
  return handle;
}

optional<at::Tensor> Optional(const at::Tensor& tensor) {
  return tensor.defined() ? optional<at::Tensor>(tensor) : std::nullopt;
}

}  // namespace

bool Available() {
  static const bool available = at::hasMKLDNN() && Find("mkldnn::_reorder_linear_weight") &&
                                Find("mkldnn::_linear_pointwise") &&
                                Find("mkldnn::_reorder_convolution_weight") &&
                                Find("mkldnn::_convolution_pointwise");
  return available;
}

at::Tensor PackLinear(const at::Tensor& weight, int64_t rows) {
  using Signature = at::Tensor(const at::Tensor&, optional<int64_t>);
  return Handle<Signature>("mkldnn::_reorder_linear_weight").call(weight.contiguous(), rows);
}

at::Tensor Linear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias) {
  using Signature =
      at::Tensor(const at::Tensor&, const at::Tensor&, const optional<at::Tensor>&,
                 std::string_view, List<optional<at::Scalar>>, optional<std::string_view>);
  return Handle<Signature>("mkldnn::_linear_pointwise")
      .call(x, packed, Optional(bias), "none", List<optional<at::Scalar>>(), "");
}

at::Tensor PackConv(const at::Tensor& weight, const ConvGeometry& g, at::IntArrayRef input_size) {
  using Signature = at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef,
                               int64_t, at::OptionalIntArrayRef);
  return Handle<Signature>("mkldnn::_reorder_convolution_weight")
      .call(weight.contiguous(), g.padding, g.stride, g.dilation, g.groups, input_size);
}

at::Tensor Conv(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                const ConvGeometry& g) {
  using Signature =
      at::Tensor(const at::Tensor&, const at::Tensor&, const optional<at::Tensor>&, at::IntArrayRef,
                 at::IntArrayRef, at::IntArrayRef, int64_t, std::string_view,
                 List<optional<at::Scalar>>, optional<std::string_view>);
  return Handle<Signature>("mkldnn::_convolution_pointwise")
      .call(x, packed, Optional(bias), g.padding, g.stride, g.dilation, g.groups, "none",
            List<optional<at::Scalar>>(), "");
}

}  // namespace audioldm::onednn
