#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace audioldm {

// A float32 tensor, row-major, that views a file from byte `offset` on and keeps it mapped. Not to
// be written to. Throws Error (kEngineFailed) naming the file where the tensor is not whole in it
// or not aligned, and what MappedFile::Open throws.
at::Tensor MapTensor(const std::string& path, int64_t offset, const std::vector<int64_t>& shape);

}  // namespace audioldm
