#pragma once

#include <string>
#include <vector>

#include "module/part.h"

namespace audioldm {

// Whether `path` names the graph of one structure (export/audioldm_export/graphs.py) in place of an
// archive for all of them.
bool IsGraphFile(const std::string& path);

// A module whose forward is that graph with the weights of `part` as constants: what LoadPart would
// make of the archive, at a hundredth of its cost. The attributes of `part` are those that the
// graph was made for. Weights that it does not use are not read.
//
// Throws Error: kEngineFailed where the file cannot be read, is no graph, or wants a weight that
// `part` does not have; otherwise as Bind does.
torch::jit::Module LoadGraphFile(const PartSpec& part, const MappedFiles& files,
                                 const WeightPlacement& placement);

}  // namespace audioldm
