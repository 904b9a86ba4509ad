#include "training/draws.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "training/random_seed.h"

namespace audioldm {

Draws DrawStep(uint64_t seed, int64_t step, int64_t samples, int64_t timesteps,
               const std::vector<int64_t>& latent_shape) {
  at::Generator generator = at::detail::createCPUGenerator(
      SeedOf(seed, RandomStream::kStep, static_cast<uint64_t>(step)));
  std::vector<int64_t> shape = latent_shape;
  shape.insert(shape.begin(), samples);
  Draws draws;
  draws.caption = at::rand({samples}, generator, at::kDouble);
  draws.modality = at::rand({samples}, generator, at::kDouble);
  draws.dropout = at::rand({samples}, generator, at::kDouble);
  draws.timesteps = at::randint(timesteps, {samples}, generator, at::kLong);
  draws.posterior_noise = at::randn(shape, generator, at::kFloat);
  draws.noise = at::randn(shape, generator, at::kFloat);
  return draws;
}

}  // namespace audioldm
