#include "module/part.h"

#include <utility>

#include "module/graph_file.h"

namespace audioldm {

torch::jit::Module LoadPart(const PartSpec& part, const MappedFiles& files,
                            const WeightPlacement& placement) {
  if (IsGraphFile(part.archive)) return LoadGraphFile(part, files, placement);
  torch::jit::Module module = LoadArchive(part.archive, placement.device);
  Bind(module, part.attributes, part.weights, files, placement, part.adapters);
  return Frozen(std::move(module));
}

}  // namespace audioldm
