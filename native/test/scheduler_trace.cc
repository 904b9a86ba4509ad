// Runs schedulers on an analytic model and prints their trajectories; scheduler_trace.py runs
// diffusers on the same and compares.
//
// Input: a line of alphas_cumprod, then one line per case:
//   name steps eta karras(0|1) spacing steps_offset alpha_to_one(0|1) first_step masked(0|1)
// Output: one JSON object per case: {"timesteps": […], "latents": [[…], …]}, latents flattened,
// the starting ones first.
// The model is ε(x, t) = 0.3·x + sin(t / 100); two clips with seeds 3 and 4. Runs that have a first
// step or a mask start from the noise of seeds 5 and 6 as x₀; the mask's values over time and bins
// are 0, 0.25, 0.5, 0.75, 1, 0 …

#include <ATen/ATen.h>

#include <cmath>
#include <iostream>
#include <sstream>

#include "diffusion/registry.h"
#include "diffusion/sampler.h"
#include "tensor/error.h"

namespace {

audioldm::TimestepSpacing ParseSpacing(const std::string& name) {
  if (name == "linspace") return audioldm::TimestepSpacing::kLinspace;
  if (name == "trailing") return audioldm::TimestepSpacing::kTrailing;
  return audioldm::TimestepSpacing::kLeading;
}

void Print(const at::Tensor& values) {
  const at::Tensor flat = values.contiguous().view(-1);
  for (int64_t i = 0; i < flat.numel(); ++i) {
    const double value = flat[i].item<double>();
    std::cout << (i ? "," : "[");
    if (std::isfinite(value)) {
      std::cout << value;
    } else {
      std::cout << "null";
    }
  }
  std::cout << "]";
}

audioldm::Source MakeSource(int64_t first_step, bool masked) {
  audioldm::Source source;
  source.first_step = first_step;
  source.latents = audioldm::Noise({5, 6}, {2, 3, 4}, at::Device(at::kCPU)).Draw();
  if (masked) source.mask = (at::arange(12).remainder(5) / 4.0).view({1, 1, 3, 4});
  return source;
}

void Trace(const std::string& name, const audioldm::SchedulerConfig& config,
           const audioldm::Source& source) {
  const auto scheduler = audioldm::CreateScheduler(name, config);
  const at::Device cpu(at::kCPU);
  audioldm::Noise noise({3, 4}, {2, 3, 4}, cpu);
  const audioldm::PredictFn model = [](const at::Tensor& x, float t) {
    return x * 0.3 + std::sin(t / 100.0);
  };

  std::cout << "{\"timesteps\":";
  const std::vector<float>& timesteps = scheduler->timesteps();
  Print(at::tensor(at::ArrayRef<float>(timesteps)));
  std::cout << ",\"latents\":[";
  const at::Tensor start = audioldm::Noise({3, 4}, {2, 3, 4}, cpu).Draw();
  if (source.first_step == 0) {
    Print(start * scheduler->InitNoiseSigma());
  } else if (source.first_step < config.steps) {
    Print(scheduler->AddNoise(source.latents, start, source.first_step));
  } else {
    Print(source.latents);
  }
  const audioldm::SampleCallbacks callbacks{[](int64_t, const at::Tensor& latents) {
                                              std::cout << ",";
                                              Print(latents);
                                            },
                                            [] { return false; }};
  audioldm::Sample({scheduler.get(), &noise, model, source}, callbacks);
  std::cout << "]}\n";
}

}  // namespace

int main() {
  std::cout.precision(9);
  std::string line;
  std::getline(std::cin, line);
  audioldm::SchedulerConfig config;
  std::istringstream alphas(line);
  for (double alpha; alphas >> alpha;) config.alphas_cumprod.push_back(alpha);
  while (std::getline(std::cin, line)) {
    std::istringstream fields(line);
    std::string name, spacing;
    int64_t first_step = 0;
    bool masked = false;
    fields >> name >> config.steps >> config.eta >> config.karras >> spacing >>
        config.steps_offset >> config.set_alpha_to_one >> first_step >> masked;
    if (!fields) {
      std::cerr << "cannot read the case: " << line << "\n";
      return 2;
    }
    config.spacing = ParseSpacing(spacing);
    try {
      Trace(name, config, MakeSource(first_step, masked));
    } catch (const audioldm::Error& error) {
      std::cerr << line << ": " << error.what() << "\n";
      return 1;
    }
  }
  return 0;
}
