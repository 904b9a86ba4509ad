#include "training/training_batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "tensor/error.h"

namespace audioldm {
namespace {

[[noreturn]] void RefuseItem(int64_t item, const std::string& message) {
  throw Error(ErrorCode::kEngineFailed,
              "Item " + std::to_string(item) + " of the training data " + message + ".");
}

at::Tensor PosteriorOf(const TrainingData& data, const std::vector<int64_t>& items) {
  std::vector<at::Tensor> rows;
  for (const int64_t item : items) {
    if (item < 0 || item >= data.items()) RefuseItem(item, "does not exist");
    const int64_t row = data.moments_row[static_cast<size_t>(item)];
    if (row < 0) RefuseItem(item, "has no latents");
    rows.push_back(data.moments[row]);
  }
  return at::stack(rows);
}

// `choice` in 0 … 1 decides between the captions.
at::Tensor TextOf(const TrainingData& data, int64_t item, double choice) {
  if (!data.text.defined()) RefuseItem(item, "is to be conditioned on text, and there is no text");
  const int64_t start = data.text_start[static_cast<size_t>(item)];
  const int64_t count = data.text_start[static_cast<size_t>(item) + 1] - start;
  if (count == 0) RefuseItem(item, "is to be conditioned on text and has no caption");
  const int64_t caption =
      std::min(static_cast<int64_t>(choice * static_cast<double>(count)), count - 1);
  return data.text[data.text_rows[static_cast<size_t>(start + caption)]];
}

at::Tensor AudioOf(const TrainingData& data, int64_t item) {
  const int64_t row = data.audio.defined() ? data.audio_row[static_cast<size_t>(item)] : -1;
  if (row < 0) RefuseItem(item, "is to be conditioned on audio and has no audio embedding");
  return data.audio[row];
}

}  // namespace

TrainingBatch TrainingBatch::Narrow(int64_t start, int64_t length) const {
  return {latents.narrow(0, start, length), noise.narrow(0, start, length),
          timesteps.narrow(0, start, length), conditions.narrow(0, start, length),
          kinds.narrow(0, start, length)};
}

TrainingBatch MakeBatch(const TrainingData& data, const std::vector<int64_t>& items,
                        const Draws& draws, const ConditionOdds& odds, double scaling_factor) {
  const std::vector<at::Tensor> posterior = PosteriorOf(data, items).chunk(2, 1);
  const at::Tensor deviation = at::exp(0.5 * posterior[1].clamp(-30, 20));

  const double* caption = draws.caption.const_data_ptr<double>();
  const double* modality = draws.modality.const_data_ptr<double>();
  const double* dropout = draws.dropout.const_data_ptr<double>();
  std::vector<at::Tensor> conditions;
  std::vector<int64_t> kinds;
  for (size_t i = 0; i < items.size(); ++i) {
    ConditionKind kind = modality[i] < odds.text ? ConditionKind::kText : ConditionKind::kAudio;
    if (dropout[i] < odds.dropout) kind = ConditionKind::kDropped;
    kinds.push_back(static_cast<int64_t>(kind));
    switch (kind) {
      case ConditionKind::kText:
        conditions.push_back(TextOf(data, items[i], caption[i]));
        break;
      case ConditionKind::kAudio:
        conditions.push_back(AudioOf(data, items[i]));
        break;
      case ConditionKind::kDropped:
        conditions.push_back(data.unconditional);
        break;
    }
  }
  return {scaling_factor * (posterior[0] + deviation * draws.posterior_noise), draws.noise,
          draws.timesteps, at::stack(conditions), at::tensor(kinds, at::kLong)};
}

}  // namespace audioldm
