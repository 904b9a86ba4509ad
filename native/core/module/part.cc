#include "module/part.h"

#include <utility>

namespace audioldm {

torch::jit::Module LoadPart(const PartSpec& part, const MappedFiles& files,
                            const WeightPlacement& placement) {
  torch::jit::Module module = LoadArchive(part.archive, placement.device);
  Bind(module, part.attributes, part.weights, files, placement, part.adapters);
  return Frozen(std::move(module));
}

}  // namespace audioldm
