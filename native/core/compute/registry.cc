#include "compute/registry.h"

#include <map>

#include "tensor/error.h"

namespace audioldm {

Operation FindOperation(const std::string& name) {
  static const std::map<std::string, Operation> operations = {};
  const auto found = operations.find(name);
  if (found == operations.end()) {
    throw Error(ErrorCode::kEngineFailed, "There is no operation '" + name + "'.");
  }
  return found->second;
}

}  // namespace audioldm
