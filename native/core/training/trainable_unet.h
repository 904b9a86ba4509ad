#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "module/archive.h"
#include "module/mapped_file.h"
#include "training/lora.h"
#include "training/trainer_spec.h"

namespace audioldm {

// The UNet's archive with weights of its own that gradients reach, not frozen. What is trained is
// kept apart from it, so that other values of it (an average) can be put in its place.
class TrainableUnet {
 public:
  // Reads the weights, or draws them where they are from scratch; only their shapes are looked at
  // where `spec` has a state that replaces all of them. Throws Error, Aborted among them.
  TrainableUnet(const TrainerSpec& spec, const MappedFiles& files, c10::Device device,
                const std::function<bool()>& cancelled);

  // What is trained, float32: all weights in the order of the part, or the adapters' tensors.
  // Leaves of autograd that want gradients; they are changed where they lie.
  const std::vector<std::string>& names() const { return names_; }
  std::vector<at::Tensor>& values() { return values_; }

  int64_t latent_channels() const { return latent_channels_; }
  int64_t condition_width() const { return condition_width_; }

  // Puts values of what is trained, in the order of names(), in place for Forward(). With adapters
  // that forms the adapted weights, once for every backward pass.
  void Use(const std::vector<at::Tensor>& values);

  // sample [N, C, t, f], timesteps [N] and conditions [N, E], all float32 → noise [N, C, t, f].
  at::Tensor Forward(const at::Tensor& sample, const at::Tensor& timesteps,
                     const at::Tensor& conditions);

  // A weight of the UNet as inference needs it, with `values` of what is trained. Throws Error
  // (kEngineFailed) for a name it has not.
  at::Tensor Weight(const std::string& name, const std::vector<at::Tensor>& values) const;

 private:
  Slot SlotOf(const std::string& name) const;

  torch::jit::Module module_;
  std::map<std::string, at::Tensor> weights_;  // without adapters, the trained values
  Lora lora_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> values_;
  std::vector<Slot> slots_;  // of the trained or adapted weights
  bool adapts_ = false;
  int64_t latent_channels_ = 0;
  int64_t condition_width_ = 0;
};

}  // namespace audioldm
