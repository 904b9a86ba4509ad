#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

#include "module/part.h"

namespace audioldm {

// LoadPart, with this package's kernels on the CPU if asked for. Runs on one thread.
torch::jit::Module LoadForInference(const PartSpec& part, const MappedFiles& files,
                                    const WeightPlacement& placement, bool cpu_kernels);

// A part of a model that few jobs need: it is loaded by the first of them. A part that fails to
// load is tried anew by the next.
class LazyPart {
 public:
  // `what` as messages call it.
  LazyPart(const char* what, PartSpec spec, MappedFiles files, WeightPlacement placement);

  // Throws Error: kEngineFailed when the model has no such part (no archive), and what LoadPart
  // throws.
  torch::jit::Module& Get();

 private:
  const char* what_;
  PartSpec spec_;
  MappedFiles files_;
  WeightPlacement placement_;
  bool loaded_ = false;
  torch::jit::Module module_;
};

}  // namespace audioldm
