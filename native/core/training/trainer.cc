#include "training/trainer.h"

#include <ATen/ATen.h>

#include <cmath>
#include <exception>

#include "module/mapped_file.h"
#include "tensor/device.h"
#include "tensor/error.h"
#include "tensor/stopwatch.h"
#include "tensor/trim.h"
#include "training/draws.h"
#include "training/ema.h"
#include "training/learning_rate.h"
#include "training/objective.h"
#include "training/safetensors_writer.h"
#include "training/trainable_unet.h"
#include "training/training_batch.h"
#include "training/training_state.h"
#include "training/validation.h"

namespace audioldm {
namespace {

constexpr int64_t kMaxSkippedInRow = 10;

using NamedShapes = std::vector<std::pair<std::string, std::vector<int64_t>>>;

MappedFiles OpenAll(const std::vector<std::string>& paths) {
  MappedFiles files;
  for (const std::string& path : paths) files.push_back(MappedFile::Open(path));
  return files;
}

struct Gradients {
  double loss = 0;
  std::vector<at::Tensor> tensors;  // laid out as what is trained

  double Norm() const {
    return at::linalg_vector_norm(at::stack(at::_foreach_norm(tensors))).item<double>();
  }
};

}  // namespace

struct Trainer::State {
  State(const TrainerSpec& spec, const MappedFiles& files, c10::Device device,
        const std::function<bool()>& cancelled)
      : spec(spec),
        unet(spec, files, device, cancelled),
        objective(spec.alphas_cumprod, device, spec.bfloat16),
        rate{spec.learning_rate, spec.warmup_steps, spec.schedule == "cosine", spec.total_steps},
        run(unet.values(), {spec.beta1, spec.beta2, spec.epsilon, spec.weight_decay}) {
    if (spec.state) run.Restore(*spec.state, files, unet.names(), unet.values());
    for (size_t i = 0; i < unet.names().size(); ++i) {
      trainable.emplace_back(unet.names()[i], unet.values()[i].sizes().vec());
    }
  }

  int64_t per_step() const { return spec.batch_size * spec.accumulate; }

  void Check(const TrainingData& data) const {
    CheckTrainingData(data, unet.latent_channels(), unet.condition_width());
  }

  TrainingBatch BatchOf(const TrainingData& data, int64_t step,
                        const std::vector<int64_t>& items) const {
    const Draws draws =
        DrawStep(spec.seed, step, per_step(), objective.timesteps(), data.latent_shape());
    return MakeBatch(data, items, draws, {spec.text_probability, spec.condition_dropout},
                     spec.scaling_factor);
  }

  // Mean over the passes; leaves no gradients behind.
  Gradients GradientsOf(const TrainingBatch& batch) {
    const at::AutoGradMode with_gradients(true);
    Gradients gradients;
    for (at::Tensor& value : unet.values()) value.mutable_grad() = at::Tensor();
    for (int64_t pass = 0; pass < spec.accumulate; ++pass) {
      unet.Use(unet.values());
      const at::Tensor loss =
          objective.SquaredErrors(unet, batch.Narrow(pass * spec.batch_size, spec.batch_size))
              .mean();
      (loss / static_cast<double>(spec.accumulate)).backward();
      gradients.loss += loss.item<double>() / static_cast<double>(spec.accumulate);
    }
    for (at::Tensor& value : unet.values()) {
      at::Tensor gradient = std::move(value.mutable_grad());
      value.mutable_grad() = at::Tensor();
      gradients.tensors.push_back(gradient.defined() ? gradient : at::zeros_like(value));
    }
    return gradients;
  }

  const TrainerSpec spec;
  TrainableUnet unet;
  Objective objective;
  LearningRate rate;
  TrainingState run;
  NamedShapes trainable;
};

Trainer::Trainer(const TrainerSpec& spec, const std::function<bool()>& cancelled) {
  try {
    CheckTrainerSpec(spec);
    KeepMemory();
    const c10::Device device = ParseDevice(spec.device);
    state_ = std::make_unique<State>(spec, OpenAll(spec.files), device, cancelled);
  } catch (...) {
    throw AsError(std::current_exception(), "loading the UNet to train");
  }
  TrimMemory();
}

Trainer::~Trainer() = default;

const NamedShapes& Trainer::trainable() const { return state_->trainable; }

int64_t Trainer::step() const { return state_->run.steps; }

StepReport Trainer::Step(const TrainingData& data) try {
  State& s = *state_;
  const Stopwatch stopwatch;
  s.Check(data);
  const int64_t step = s.run.steps;
  Gradients gradients =
      s.GradientsOf(s.BatchOf(data, step, ItemsOf(s.spec.seed, step, s.per_step(), data.items())));

  const at::NoGradGuard no_grad;
  StepReport report;
  report.loss = gradients.loss;
  report.learning_rate = s.rate.At(step);
  report.gradient_norm = gradients.Norm();
  report.skipped = !std::isfinite(report.loss) || !std::isfinite(report.gradient_norm);
  if (!report.skipped) {
    const double most = s.spec.max_gradient_norm;
    // As torch.nn.utils.clip_grad_norm_ has it.
    const double scale = most > 0 ? std::min(most / (report.gradient_norm + 1e-6), 1.0) : 1.0;
    s.run.optimizer.Update(s.unet.values(), gradients.tensors, report.learning_rate, scale);
    UpdateEma(s.run.ema, s.unet.values(), EmaDecay(s.spec.ema_decay, s.run.optimizer.updates()));
  }
  s.run.skipped_in_row = report.skipped ? s.run.skipped_in_row + 1 : 0;
  report.step = ++s.run.steps;
  report.ms = stopwatch.ElapsedMs();
  if (s.run.skipped_in_row >= kMaxSkippedInRow) {
    throw Error(ErrorCode::kDiverged, "The loss or the gradient was not finite in " +
                                          std::to_string(s.run.skipped_in_row) +
                                          " steps in a row, up to step " +
                                          std::to_string(report.step) + ".");
  }
  return report;
} catch (...) {
  throw AsError(std::current_exception(), "training");
}

std::vector<at::Tensor> Trainer::Inspect(const TrainingData& data, int64_t step,
                                         bool gradients) try {
  State& s = *state_;
  s.Check(data);
  const std::vector<int64_t> items = ItemsOf(s.spec.seed, step, s.per_step(), data.items());
  const TrainingBatch batch = s.BatchOf(data, step, items);
  std::vector<at::Tensor> results = {
      batch.latents, batch.noise, batch.timesteps, batch.conditions, at::tensor(items, at::kLong),
      batch.kinds};
  if (!gradients) return results;
  const Gradients computed = s.GradientsOf(batch);
  results.push_back(at::full({}, computed.loss, at::kFloat));
  for (const at::Tensor& gradient : computed.tensors) {
    results.push_back(gradient.cpu().contiguous());
  }
  return results;
} catch (...) {
  throw AsError(std::current_exception(), "inspecting a step of training");
}

at::Tensor Trainer::Validate(const TrainingData& data, const std::vector<int64_t>& items,
                             int64_t draws, uint64_t seed, bool ema,
                             const std::function<bool()>& cancelled) try {
  State& s = *state_;
  s.Check(data);
  const at::NoGradGuard no_grad;
  s.unet.Use(ema ? s.run.ema : s.unet.values());
  return ValidationErrors(
      s.unet, s.objective, data,
      {items, draws, seed, s.spec.batch_size, s.spec.text_probability, s.spec.scaling_factor},
      cancelled);
} catch (...) {
  throw AsError(std::current_exception(), "computing the validation loss");
}

void Trainer::Save(const std::string& path, const std::vector<SaveEntry>& entries,
                   const std::map<std::string, std::string>& metadata) try {
  State& s = *state_;
  const at::NoGradGuard no_grad;
  constexpr std::string_view kMerged = "merged/";
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const SaveEntry& entry : entries) {
    std::optional<at::Tensor> tensor;
    if (entry.source.starts_with(kMerged)) {
      tensor = s.unet.Weight(entry.source.substr(kMerged.size()), s.run.ema);
    } else {
      tensor = s.run.Find(entry.source, s.unet.names(), s.unet.values());
    }
    if (!tensor) {
      throw Error(ErrorCode::kEngineFailed, "The trainer has no '" + entry.source + "' to save.");
    }
    tensors.emplace_back(entry.name, *tensor);
  }
  WriteSafetensors(path, tensors, metadata);
} catch (...) {
  throw AsError(std::current_exception(), "saving the run");
}

}  // namespace audioldm
