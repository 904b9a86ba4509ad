#include "autograd/gated.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "autograd/loops.h"

namespace audioldm {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kRows = 16;  // a thread takes at least

template <typename Work>
void ForEachRows(int64_t rows, const Work& work) {
  at::parallel_for(0, rows, kRows, [&](int64_t begin, int64_t end) { work(begin, end - begin); });
}

template <typename T>
const GatedLoops<T>& LoopsOf();
template <>
const GatedLoops<float>& LoopsOf() {
  return FindLoops()->float_gated;
}
template <>
const GatedLoops<uint16_t>& LoopsOf() {
  return FindLoops()->bfloat16_gated;
}

template <typename T>
T* Raw(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

template <typename T>
void Forward(const at::Tensor& x, const at::Tensor& out) {
  const int64_t width = out.size(-1);
  ForEachRows(out.numel() / width, [&](int64_t row, int64_t count) {
    LoopsOf<T>().forward(Raw<T>(x) + 2 * row * width, count, width, Raw<T>(out) + row * width);
  });
}

template <typename T>
void Backward(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& dx) {
  const int64_t width = dy.size(-1);
  ForEachRows(dy.numel() / width, [&](int64_t row, int64_t count) {
    const int64_t start = row * width;
    LoopsOf<T>().gradient(Raw<T>(x) + 2 * start, Raw<T>(dy) + start, count, width,
                          Raw<T>(dx) + 2 * start);
  });
}

class Gated : public torch::autograd::Function<Gated> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input) {
    const at::Tensor x = input.contiguous();
    auto shape = x.sizes().vec();
    shape.back() /= 2;
    const at::Tensor out = at::empty(shape, x.options());
    const auto run = x.scalar_type() == at::kFloat ? Forward<float> : Forward<uint16_t>;
    run(x, out);
    context->save_for_backward({x});
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const at::Tensor dx = at::empty_like(x);
    const auto run = x.scalar_type() == at::kFloat ? Backward<float> : Backward<uint16_t>;
    run(x, gradients[0].to(x.scalar_type()).contiguous(), dx);
    return {dx};
  }
};

}  // namespace

at::Tensor TrainingGated(const at::Tensor& x) {
  const bool fits = x.is_cpu() && x.numel() > 0 && FindLoops() != nullptr;
  if (fits && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16)) {
    return Gated::apply(x);
  }
  const auto halves = x.chunk(2, -1);
  return halves[0] * at::gelu(halves[1]);
}

TORCH_LIBRARY_FRAGMENT(audioldm, library) {
  library.def("training_gated(Tensor x) -> Tensor", &TrainingGated);
}

}  // namespace audioldm
