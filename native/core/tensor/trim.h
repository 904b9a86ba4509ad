#pragma once

namespace audioldm {

// Gives memory that the C library holds free back to the system, a matter of milliseconds. Between
// stages whose buffers differ in size the peak is then that of the largest stage, not of their sum,
// and a disposed model leaves nothing behind.
void TrimMemory();

}  // namespace audioldm
