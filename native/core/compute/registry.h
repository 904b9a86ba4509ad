#pragma once

#include <string>

#include "compute/operation.h"

namespace audioldm {

// The operation of that name. Throws Error (kEngineFailed) when there is none.
Operation FindOperation(const std::string& name);

}  // namespace audioldm
