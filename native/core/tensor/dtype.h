#pragma once

#include <c10/core/ScalarType.h>

#include <optional>
#include <string>

namespace audioldm {

// The dtype of a DType name of lib/native/tensor-table.ts ('float32', 'bfloat16'…), or nothing.
std::optional<c10::ScalarType> ParseDType(const std::string& name);

}  // namespace audioldm
