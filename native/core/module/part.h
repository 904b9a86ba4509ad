#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

#include "module/adapters.h"
#include "module/archive.h"
#include "module/weights.h"

namespace audioldm {

// An archive and what is bound in it: NativePart of lib/native/binding.ts.
struct PartSpec {
  std::string archive;  // or the graph of one structure (graph_file.h)
  std::vector<Attribute> attributes;
  std::vector<WeightView> weights;  // none when the archive holds its own
  std::vector<Adapter> adapters;    // merged into the weights that they name
};

// LoadArchive, Bind and Frozen; or LoadGraphFile.
torch::jit::Module LoadPart(const PartSpec& part, const MappedFiles& files,
                            const WeightPlacement& placement);

}  // namespace audioldm
