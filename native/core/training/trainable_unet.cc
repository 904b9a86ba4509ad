#include "training/trainable_unet.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "autograd/rewrite.h"
#include "tensor/error.h"
#include "training/initialise.h"

namespace audioldm {
namespace {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

constexpr int64_t kMaxDimensions = 8;

void CheckShape(const WeightView& view) {
  const bool negative =
      std::any_of(view.shape.begin(), view.shape.end(), [](int64_t size) { return size < 0; });
  if (negative || view.shape.size() > kMaxDimensions) {
    throw Error(ErrorCode::kInvalidWeights,
                "The tensor '" + view.name + "' has a shape that is none.");
  }
}

// Memory of its own for a weight: what LoadWeight gives may be a view of a read-only mapping.
at::Tensor Place(const WeightView& view, const WeightPlacement& placement) {
  CheckShape(view);
  const bool channels_last = placement.channels_last && view.shape.size() == 4;
  return at::empty(view.shape, at::TensorOptions(placement.device)
                                   .dtype(at::kFloat)
                                   .memory_format(channels_last ? at::MemoryFormat::ChannelsLast
                                                                : at::MemoryFormat::Contiguous));
}

NamedTensors LoadWeights(const TrainerSpec& spec, const MappedFiles& files, c10::Device device,
                         const std::function<bool()>& cancelled) {
  const WeightPlacement placement{device, at::kFloat, /*channels_last=*/true};
  const bool restored = spec.state && !spec.lora;
  NamedTensors weights;
  for (const WeightView& view : spec.unet.weights) {
    if (cancelled()) throw Aborted();
    weights.emplace_back(view.name, Place(view, placement));
    if (spec.scratch || restored) continue;
    weights.back().second.copy_(LoadWeight(view, files, placement));
  }
  if (spec.scratch && !restored) InitialiseUnet(weights, spec.seed);
  return weights;
}

int64_t Width(const NamedTensors& weights, const std::string& name) {
  for (const auto& [known, tensor] : weights) {
    if (known == name && tensor.dim() > 1) return tensor.size(1);
  }
  throw Error(ErrorCode::kInvalidWeights, "The UNet has no weight '" + name + "'.");
}

}  // namespace

TrainableUnet::TrainableUnet(const TrainerSpec& spec, const MappedFiles& files, c10::Device device,
                             const std::function<bool()>& cancelled)
    : module_(LoadArchive(spec.unet.archive, device)), adapts_(spec.lora.has_value()) {
  const at::NoGradGuard no_grad;
  Bind(module_, spec.unet.attributes, {}, files, {});
  UseTrainingOperators(module_);
  const NamedTensors weights = LoadWeights(spec, files, device, cancelled);
  latent_channels_ = Width(weights, "conv_in.weight");
  condition_width_ = Width(weights, "class_embedding.weight");
  for (const auto& [name, tensor] : weights) {
    Slot slot = SlotOf(name);
    slot.module.setattr(slot.name, tensor);
    if (!weights_.emplace(name, tensor).second) {
      throw Error(ErrorCode::kInvalidWeights, "The UNet has two tensors named '" + name + "'.");
    }
  }

  if (spec.lora) lora_ = Lora(*spec.lora, weights, spec.seed);
  for (const auto& [name, tensor] : adapts_ ? lora_.tensors() : weights) {
    names_.push_back(name);
    values_.push_back(tensor);
    values_.back().requires_grad_(true);
  }
  for (const std::string& name : adapts_ ? lora_.targets() : names_) {
    slots_.push_back(SlotOf(name));
  }
}

Slot TrainableUnet::SlotOf(const std::string& name) const {
  if (std::optional<Slot> slot = FindSlot(module_, name)) return *slot;
  throw Error(ErrorCode::kInvalidWeights, "The archive has no tensor named '" + name + "'.");
}

void TrainableUnet::Use(const std::vector<at::Tensor>& values) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].module.setattr(
        slots_[i].name,
        adapts_ ? lora_.Merged(i, weights_.at(lora_.targets()[i]), values) : values[i]);
  }
}

at::Tensor TrainableUnet::Forward(const at::Tensor& sample, const at::Tensor& timesteps,
                                  const at::Tensor& conditions) {
  return module_.forward({sample, timesteps, conditions}).toTensor();
}

at::Tensor TrainableUnet::Weight(const std::string& name,
                                 const std::vector<at::Tensor>& values) const {
  const auto weight = weights_.find(name);
  if (weight == weights_.end()) {
    throw Error(ErrorCode::kEngineFailed, "The UNet has no weight '" + name + "' to save.");
  }
  const std::vector<std::string>& trained = adapts_ ? lora_.targets() : names_;
  const auto found = std::find(trained.begin(), trained.end(), name);
  if (found == trained.end()) return weight->second;
  const auto index = static_cast<size_t>(found - trained.begin());
  return adapts_ ? lora_.Merged(index, weight->second, values) : values[index];
}

}  // namespace audioldm
