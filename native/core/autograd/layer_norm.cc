#include "autograd/layer_norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "autograd/norm_types.h"
#include "autograd/precision.h"

namespace audioldm {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows of a task; each has sums of its own, so that these do not depend on the threads.
constexpr int64_t kRowsOfTask = 512;

int64_t Tasks(int64_t rows) { return (rows + kRowsOfTask - 1) / kRowsOfTask; }

// work(task, first row, rows).
template <typename Work>
void ForEachTask(int64_t rows, const Work& work) {
  at::parallel_for(0, Tasks(rows), 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t first = task * kRowsOfTask;
      work(task, first, std::min(kRowsOfTask, rows - first));
    }
  });
}

class LayerNormFunction : public torch::autograd::Function<LayerNormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, const at::Tensor& bias, double eps) {
    const at::Tensor x = input.contiguous();
    const int64_t width = x.size(-1), rows = x.numel() / width;
    const at::Tensor statistics = at::empty({2, rows}, weight.options());
    float* means = statistics.data_ptr<float>();
    const at::Tensor out =
        at::empty_like(x, InBfloat16(x) ? x.options().dtype(at::kBFloat16) : x.options());
    WithNormLoops(x, out, [&](const auto& loops, auto types) {
      ForEachTask(rows, [&](int64_t, int64_t first, int64_t count) {
        loops.rows(types.X(x) + first * width, count, width, weight.const_data_ptr<float>(),
                   bias.const_data_ptr<float>(), eps, means + first, means + rows + first,
                   types.MutableY(out) + first * width);
      });
    });
    context->save_for_backward({x, weight, statistics});
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const float* means = saved[2].const_data_ptr<float>();
    const int64_t width = x.size(-1), rows = x.numel() / width;
    const at::Tensor dy = gradients[0].contiguous();
    const at::Tensor dx = at::empty_like(x);
    const at::Tensor sums = at::zeros({Tasks(rows), 2, width}, weight.options().dtype(at::kDouble));
    WithNormLoops(x, dy, [&](const auto& loops, auto types) {
      ForEachTask(rows, [&](int64_t task, int64_t first, int64_t count) {
        double* dweight = sums.data_ptr<double>() + 2 * task * width;
        loops.rows_gradient(types.X(x) + first * width, types.Y(dy) + first * width, count, width,
                            weight.const_data_ptr<float>(), means + first, means + rows + first,
                            types.MutableX(dx) + first * width, dweight, dweight + width);
      });
    });
    const at::Tensor total = sums.sum(0).to(at::kFloat);
    return {dx, total[0], total[1], at::Tensor()};
  }
};

}  // namespace

at::Tensor TrainingLayerNorm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                             double eps) {
  if (NormTakes(x) && weight.scalar_type() == at::kFloat && weight.is_contiguous() &&
      bias.is_contiguous() && weight.numel() == x.size(-1) && bias.numel() == x.size(-1)) {
    return LayerNormFunction::apply(x, weight, bias, eps);
  }
  return at::layer_norm(x, {x.size(-1)}, weight, bias, eps);
}

TORCH_LIBRARY_FRAGMENT(audioldm, library) {
  library.def("training_layer_norm(Tensor x, Tensor weight, Tensor bias, float eps) -> Tensor",
              &TrainingLayerNorm);
}

}  // namespace audioldm
