#include "training/validation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "tensor/error.h"
#include "training/random_seed.h"

namespace audioldm {
namespace {

at::Tensor Joined(const std::vector<Draws>& parts, at::Tensor Draws::* member) {
  std::vector<at::Tensor> tensors;
  for (const Draws& part : parts) tensors.push_back(part.*member);
  return at::cat(tensors);
}

Draws Joined(const std::vector<Draws>& parts) {
  return {Joined(parts, &Draws::caption),         Joined(parts, &Draws::modality),
          Joined(parts, &Draws::dropout),         Joined(parts, &Draws::timesteps),
          Joined(parts, &Draws::posterior_noise), Joined(parts, &Draws::noise)};
}

Draws DrawSample(uint64_t seed, int64_t item, int64_t draw, int64_t draws, int64_t timesteps,
                 const std::vector<int64_t>& latent_shape) {
  const uint64_t item_seed = SeedOf(seed, RandomStream::kValidation, static_cast<uint64_t>(item));
  Draws sample = DrawStep(item_seed, draw, 1, timesteps, latent_shape);
  sample.timesteps.fill_((2 * draw + 1) * timesteps / (2 * draws));
  return sample;
}

}  // namespace

at::Tensor ValidationErrors(TrainableUnet& unet, const Objective& objective,
                            const TrainingData& data, const ValidationSettings& settings,
                            const std::function<bool()>& cancelled) {
  const at::NoGradGuard no_grad;
  const int64_t draws = settings.draws;
  const auto items = static_cast<int64_t>(settings.items.size());
  if (draws < 1 || draws > objective.timesteps()) {
    throw Error(ErrorCode::kEngineFailed,
                "Validation needs 1 to " + std::to_string(objective.timesteps()) +
                    " draws of an item, not " + std::to_string(draws) + ".");
  }
  const at::Tensor errors = at::empty({items * draws}, at::kFloat);
  for (int64_t start = 0; start < items * draws; start += settings.batch_size) {
    if (cancelled()) throw Aborted();
    const int64_t count = std::min(settings.batch_size, items * draws - start);
    std::vector<int64_t> taken;
    std::vector<Draws> samples;
    for (int64_t i = start; i < start + count; ++i) {
      taken.push_back(settings.items[static_cast<size_t>(i / draws)]);
      samples.push_back(DrawSample(settings.seed, taken.back(), i % draws, draws,
                                   objective.timesteps(), data.latent_shape()));
    }
    const TrainingBatch batch = MakeBatch(data, taken, Joined(samples),
                                          {settings.text_probability, 0}, settings.scaling_factor);
    errors.narrow(0, start, count)
        .copy_(objective.SquaredErrors(unet, batch).mean(at::IntArrayRef{1, 2, 3}));
  }
  return errors.view({items, draws});
}

}  // namespace audioldm
