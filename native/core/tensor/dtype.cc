#include "tensor/dtype.h"

#include <utility>

namespace audioldm {

std::optional<c10::ScalarType> ParseDType(const std::string& name) {
  static constexpr std::pair<const char*, c10::ScalarType> kNames[] = {
      {"float64", c10::kDouble},    {"float32", c10::kFloat}, {"float16", c10::kHalf},
      {"bfloat16", c10::kBFloat16}, {"int64", c10::kLong},    {"int32", c10::kInt},
      {"int16", c10::kShort},       {"int8", c10::kChar},     {"uint8", c10::kByte},
      {"bool", c10::kBool},
  };
  for (const auto& [known, dtype] : kNames) {
    if (name == known) return dtype;
  }
  return std::nullopt;
}

}  // namespace audioldm
