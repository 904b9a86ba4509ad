#include "diffusion/posterior.h"

#include <ATen/ATen.h>

#include <vector>

#include "diffusion/noise.h"

namespace audioldm {

at::Tensor PosteriorSample(const at::Tensor& moments, std::optional<uint64_t> seed) {
  const std::vector<at::Tensor> halves = moments.to(at::kFloat).chunk(2, 1);
  if (!seed) return halves[0].contiguous();
  const at::Tensor deviation = at::exp(0.5 * halves[1].clamp(-30, 20));
  Noise noise({*seed}, halves[0].sizes().slice(1).vec(), moments.device());
  return (halves[0] + deviation * noise.Draw()).contiguous();
}

}  // namespace audioldm
