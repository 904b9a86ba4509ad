#include "compute/registry.h"

#include <map>

#include "compute/covariance.h"
#include "compute/frechet_distance.h"
#include "compute/merge_statistics.h"
#include "compute/prepare.h"
#include "compute/statistics.h"
#include "tensor/error.h"

namespace audioldm {

Operation FindOperation(const std::string& name) {
  static const std::map<std::string, Operation> operations = {
      {"covariance", Covariance},
      {"frechet_distance", FrechetDistance},
      {"merge_statistics", MergeStatistics},
      {"prepare", Prepare},
      {"statistics", Statistics},
  };
  const auto found = operations.find(name);
  if (found == operations.end()) {
    throw Error(ErrorCode::kEngineFailed, "There is no operation '" + name + "'.");
  }
  return found->second;
}

}  // namespace audioldm
