#include "diffusion/registry.h"

#include "diffusion/ddim.h"
#include "diffusion/dpmpp_2m.h"
#include "diffusion/euler.h"
#include "diffusion/euler_ancestral.h"
#include "tensor/error.h"

namespace audioldm {
namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Scheduler> (*create)(const SchedulerConfig&);
};

constexpr Entry kSchedulers[] = {
    {"ddim", DdimScheduler::Create},
    {"dpmpp-2m", Dpmpp2mScheduler::Create},
    {"euler", EulerScheduler::Create},
    {"euler-a", EulerAncestralScheduler::Create},
};

void Check(const SchedulerConfig& config) {
  const auto train = static_cast<int64_t>(config.alphas_cumprod.size());
  if (train < 2) {
    throw Error(ErrorCode::kEngineFailed, "The noise schedule has fewer than two timesteps.");
  }
  if (config.steps < 1 || config.steps > train) {
    throw Error(ErrorCode::kEngineFailed, "The number of diffusion steps is " +
                                              std::to_string(config.steps) + "; it must be 1 to " +
                                              std::to_string(train) + ".");
  }
  for (const double alpha : config.alphas_cumprod) {
    if (!(alpha >= 0 && alpha < 1)) {
      throw Error(ErrorCode::kEngineFailed, "The noise schedule leaves the range 0 to 1.");
    }
  }
}

}  // namespace

std::unique_ptr<Scheduler> CreateScheduler(const std::string& name, const SchedulerConfig& config) {
  for (const Entry& entry : kSchedulers) {
    if (name == entry.name) {
      Check(config);
      return entry.create(config);
    }
  }
  throw Error(ErrorCode::kEngineFailed, "There is no scheduler named '" + name + "'.");
}

std::vector<std::string> SchedulerNames() {
  std::vector<std::string> names;
  for (const Entry& entry : kSchedulers) names.emplace_back(entry.name);
  return names;
}

}  // namespace audioldm
