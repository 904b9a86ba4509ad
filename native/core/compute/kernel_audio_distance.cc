#include "compute/kernel_audio_distance.h"

#include <ATen/ATen.h>

#include <cmath>

#include "compute/discrepancy.h"
#include "compute/median_distance.h"
#include "compute/numeric.h"
#include "compute/row_blocks.h"
#include "compute/squared_distances.h"

namespace audioldm {

Tensors KernelAudioDistance(const Request& request) {
  const at::Tensor& generated = FiniteInputUnconverted(request, 0, "rows_generated", 2);
  const at::Tensor& reference = FiniteInputUnconverted(request, 1, "rows_reference", 2);
  RequirePairs(generated, reference);
  const double scale = request.parameters.Number("scale");
  const double epsilon = request.parameters.Number("epsilon");
  Require(epsilon > 0, "The parameter 'epsilon' is not above 0.");

  // Around zero distances are computed fast, so each pair of sets is moved to where one of them is.
  const at::Tensor centre = Centre(reference);
  const RowBlocks around_reference(reference, centre);
  const double squared_bandwidth = MedianSquaredDistance(around_reference, request);
  const double gamma = 1 / (2 * squared_bandwidth + epsilon);
  const KernelBlock kernel = [gamma](const at::Tensor& x, const at::Tensor& y) {
    return SquaredDistances(x, y).mul_(-gamma).exp_();
  };
  const auto [value, by_row, deviations] = Discrepancy(
      {RowBlocks(generated, Centre(generated)), RowBlocks(generated, centre), around_reference},
      kernel, ResampledInput(request, 2, generated.size(0), reference.size(0)), request);
  Tensors results = {at::tensor({scale * value, std::sqrt(squared_bandwidth)}, at::kDouble),
                     by_row * scale};
  if (deviations.defined()) results.push_back(deviations * scale);
  return results;
}

}  // namespace audioldm
