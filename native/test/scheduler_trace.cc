// Runs schedulers on an analytic model and prints their trajectories; scheduler_trace.py runs
// diffusers on the same and compares.
//
// Input: a line of alphas_cumprod, then one line per case:
//   name steps eta karras(0|1) spacing steps_offset alpha_to_one(0|1)
// Output: one JSON object per case: {"timesteps": […], "latents": [[…], …]}, latents flattened,
// the starting ones first.
// The model is ε(x, t) = 0.3·x + sin(t / 100); two clips with seeds 3 and 4.

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

void Trace(const std::string& name, const audioldm::SchedulerConfig& config) {
  const auto scheduler = audioldm::CreateScheduler(name, config);
  const at::Device cpu(at::kCPU);
  audioldm::Noise noise({3, 4}, {2, 3, 4}, cpu);
  const at::Tensor labels = at::zeros({2, 1});
  const audioldm::Guidance guidance(labels, labels, {1.0, 1.0});
  const audioldm::UNetFn model = [](const at::Tensor& x, const at::Tensor& t, const at::Tensor&) {
    return x * 0.3 + std::sin(t[0].item<double>() / 100);
  };

  std::cout << "{\"timesteps\":";
  const std::vector<float>& timesteps = scheduler->timesteps();
  Print(at::tensor(at::ArrayRef<float>(timesteps)));
  std::cout << ",\"latents\":[";
  Print(audioldm::Noise({3, 4}, {2, 3, 4}, cpu).Draw() * scheduler->InitNoiseSigma());
  const audioldm::SampleCallbacks callbacks{[](int64_t, const at::Tensor& latents) {
                                              std::cout << ",";
                                              Print(latents);
                                            },
                                            [] { return false; }};
  audioldm::Sample({scheduler.get(), &noise, &guidance}, model, callbacks);
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
    fields >> name >> config.steps >> config.eta >> config.karras >> spacing >>
        config.steps_offset >> config.set_alpha_to_one;
    if (!fields) {
      std::cerr << "cannot read the case: " << line << "\n";
      return 2;
    }
    config.spacing = ParseSpacing(spacing);
    try {
      Trace(name, config);
    } catch (const audioldm::Error& error) {
      std::cerr << line << ": " << error.what() << "\n";
      return 1;
    }
  }
  return 0;
}
