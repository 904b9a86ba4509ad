#include "training/training_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "tensor/error.h"

namespace audioldm {
namespace {

constexpr const char* kTrainable = "trainable/";
constexpr const char* kEma = "ema/";
constexpr const char* kExpAvg = "exp_avg/";
constexpr const char* kExpAvgSq = "exp_avg_sq/";
constexpr const char* kCounters = "counters";

std::vector<at::Tensor> Copies(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> copies;
  for (const at::Tensor& tensor : tensors) copies.push_back(tensor.detach().clone());
  return copies;
}

// The saved tensors by name.
class SavedState {
 public:
  SavedState(const std::vector<WeightView>& saved, const MappedFiles& files) : files_(files) {
    for (const WeightView& view : saved) views_.emplace(view.name, &view);
  }

  at::Tensor Load(const std::string& name, at::IntArrayRef shape, at::ScalarType dtype) const {
    const auto found = views_.find(name);
    if (found == views_.end()) Fail(name, "is missing");
    const WeightView& view = *found->second;
    if (view.dtype != dtype || at::IntArrayRef(view.shape) != shape) {
      Fail(name, "has another shape or dtype than this run needs");
    }
    return LoadWeight(view, files_, {});
  }

  void Load(const std::string& prefix, const std::vector<std::string>& names,
            const std::vector<at::Tensor>& into) const {
    for (size_t i = 0; i < names.size(); ++i) {
      into[i].copy_(Load(prefix + names[i], into[i].sizes(), at::kFloat));
    }
  }

  [[noreturn]] static void Fail(const std::string& name, const std::string& why) {
    throw Error(ErrorCode::kInvalidWeights,
                "The saved state of the run cannot be used: '" + name + "' " + why + ".");
  }

 private:
  const MappedFiles& files_;
  std::map<std::string, const WeightView*> views_;
};

}  // namespace

TrainingState::TrainingState(const std::vector<at::Tensor>& values, const AdamWSettings& settings)
    : ema(Copies(values)), optimizer(ema, settings) {}

at::Tensor TrainingState::Counters() const {
  return at::tensor({steps, optimizer.updates(), skipped_in_row}, at::kLong);
}

std::optional<at::Tensor> TrainingState::Find(const std::string& source,
                                              const std::vector<std::string>& names,
                                              const std::vector<at::Tensor>& values) const {
  if (source == kCounters) return Counters();
  const std::pair<const char*, const std::vector<at::Tensor>*> groups[] = {
      {kTrainable, &values},
      {kEma, &ema},
      {kExpAvg, &optimizer.averages()},
      {kExpAvgSq, &optimizer.squares()}};
  for (const auto& [prefix, tensors] : groups) {
    if (!source.starts_with(prefix)) continue;
    const auto name =
        std::find(names.begin(), names.end(), source.substr(std::string(prefix).size()));
    if (name != names.end()) return (*tensors)[static_cast<size_t>(name - names.begin())];
  }
  return std::nullopt;
}

void TrainingState::Restore(const std::vector<WeightView>& saved, const MappedFiles& files,
                            const std::vector<std::string>& names,
                            std::vector<at::Tensor>& values) {
  const at::NoGradGuard no_grad;
  const SavedState state(saved, files);
  const at::Tensor counters = state.Load(kCounters, {3}, at::kLong);
  const int64_t* counts = counters.const_data_ptr<int64_t>();
  if (counts[0] < 0 || counts[1] < 0 || counts[1] > counts[0] || counts[2] < 0 ||
      counts[2] > counts[0]) {
    SavedState::Fail(kCounters, "has numbers that no run has");
  }
  state.Load(kTrainable, names, values);
  state.Load(kEma, names, ema);
  state.Load(kExpAvg, names, optimizer.averages());
  state.Load(kExpAvgSq, names, optimizer.squares());
  steps = counts[0];
  optimizer.set_updates(counts[1]);
  skipped_in_row = counts[2];
}

}  // namespace audioldm
