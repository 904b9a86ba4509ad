#pragma once

#include <string>

namespace audioldm {

// "ENOSPC: No space left on device": the name, where it is one that writing a file meets, and the
// C library's text.
std::string ErrnoText(int error);

}  // namespace audioldm
