#pragma once

namespace audioldm {

// Gives memory that the C library holds free back to the system, a matter of milliseconds. Between
// stages whose buffers differ in size the peak is then that of the largest stage, not of their sum,
// and a disposed model leaves nothing behind.
void TrimMemory();

// From now on the C library keeps what is freed until TrimMemory(), unless it is larger than 32
// MiB. For work that takes and gives back the same buffers again and again: new pages for each of
// them cost an eighth of a narrow model's training step.
void KeepMemory();

}  // namespace audioldm
