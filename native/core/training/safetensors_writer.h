#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace audioldm {

// Writes a new safetensors file with the tensors, float32 or int64, in their order and row-major,
// and syncs it. A file that exists is an error. Throws Error and leaves no file: kOutputFailed with
// errno's name and text, kDiverged naming a tensor with a value that is not finite, kEngineFailed
// for two tensors of a name and other dtypes.
void WriteSafetensors(const std::string& path,
                      const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                      const std::map<std::string, std::string>& metadata);

}  // namespace audioldm
