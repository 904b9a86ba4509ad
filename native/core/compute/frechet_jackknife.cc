#include "compute/frechet_jackknife.h"

#include <ATen/ATen.h>

#include "compute/frechet_distance.h"
#include "compute/gaussian.h"
#include "compute/numeric.h"
#include "compute/numpy_random.h"
#include "compute/resample.h"

namespace audioldm {
namespace {

// Rows, and the group that each of them is in.
struct Grouped {
  at::Tensor rows;
  at::Tensor groups;
};

Grouped GroupedInput(const Request& request, size_t index, const char* rows_name,
                     const char* clips_name, const char* seed_name, int64_t groups) {
  const at::Tensor& rows = FiniteInputUnconverted(request, index, rows_name, 2);
  const at::Tensor clip_of_row = ClipOfRow(request, index + 1, clips_name, rows.size(0));
  const int64_t clips = request.inputs[index + 1].size(0);
  Require(groups <= clips, std::string("The input '") + clips_name + "' has fewer clips than the " +
                               std::to_string(groups) + " groups.");
  const auto order = NumpyRandom(SeedOf(request, seed_name)).Permutation(clips);
  at::Tensor group_of_clip = at::empty({clips}, at::kLong);
  for (int64_t i = 0; i < clips; ++i) group_of_clip[order[i]] = i * groups / clips;
  return {rows, group_of_clip.index_select(0, clip_of_row)};
}

Gaussian Without(const Grouped& side, int64_t group, const std::function<void()>& check) {
  const at::Tensor kept = side.groups.ne(group).nonzero().squeeze(1);
  Require(kept.size(0) >= 2, "Without a group fewer than 2 rows are left.");
  return FitGaussian(side.rows.index_select(0, kept), check);
}

}  // namespace

Tensors FrechetJackknife(const Request& request) {
  const int64_t groups = request.parameters.Integer("groups", 2, 10'000);
  const Grouped generated = GroupedInput(request, 0, "rows_generated", "rows_of_clips_generated",
                                         "seed_generated", groups);
  const bool fixed = request.parameters.Number("count_reference") > 0;
  Gaussian fixed_reference;
  Grouped reference;
  if (fixed) {
    fixed_reference =
        GaussianInput(request, 2, "mean_reference", "factor_reference", "count_reference", 2);
  } else {
    reference = GroupedInput(request, 2, "rows_reference", "rows_of_clips_reference",
                             "seed_reference", groups);
  }

  const auto check = [&] { ThrowIfCancelled(request); };
  at::Tensor distances = at::empty({groups}, at::kDouble);
  for (int64_t group = 0; group < groups; ++group) {
    const Gaussian first = Without(generated, group, check);
    const Gaussian second = fixed ? fixed_reference : Without(reference, group, check);
    RequireSameColumns(first, second);
    distances[group] = FrechetBetween(first, second, check).distance;
  }
  return {distances};
}

}  // namespace audioldm
