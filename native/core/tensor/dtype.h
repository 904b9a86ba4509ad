#pragma once

#include <c10/core/ScalarType.h>

#include <optional>
#include <string>

namespace audioldm {

// The dtype of a DType name of lib/weights/table.ts ('float32', 'bfloat16'…); nothing for another
// name.
std::optional<c10::ScalarType> ParseDType(const std::string& name);

}  // namespace audioldm
