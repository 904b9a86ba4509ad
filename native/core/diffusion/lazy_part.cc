#include "diffusion/lazy_part.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <utility>

#include "module/cpu_pass.h"
#include "tensor/error.h"
#include "tensor/serial_section.h"
#include "tensor/trim.h"

namespace audioldm {

torch::jit::Module LoadForInference(const PartSpec& part, const MappedFiles& files,
                                    const WeightPlacement& placement, bool cpu_kernels) {
  const at::NoGradGuard no_grad;
  const SerialSection serial;
  torch::jit::Module module = LoadPart(part, files, placement);
  if (placement.device.is_cpu() && cpu_kernels) UseCpuKernels(module);
  return module;
}

LazyPart::LazyPart(const char* what, PartSpec spec, MappedFiles files, WeightPlacement placement)
    : what_(what), spec_(std::move(spec)), files_(std::move(files)), placement_(placement) {}

torch::jit::Module& LazyPart::Get() {
  if (loaded_) return module_;
  if (spec_.archive.empty()) {
    throw Error(ErrorCode::kEngineFailed, std::string("This model has no ") + what_ + ".");
  }
  // As the parts that are loaded with the model: the job that asks may be in inference mode.
  const c10::InferenceMode no_inference(false);
  module_ = LoadForInference(spec_, files_, placement_, /*cpu_kernels=*/true);
  loaded_ = true;
  spec_ = {};
  files_.clear();
  TrimMemory();
  return module_;
}

}  // namespace audioldm
