#pragma once

#include <string>
#include <vector>

namespace audioldm {

// For messages: up to eight names in quotes, then how many more.
std::string Listing(const std::vector<std::string>& names);

}  // namespace audioldm
