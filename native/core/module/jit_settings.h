#pragma once

namespace audioldm {

// Settles how TorchScript runs frozen modules: every call the same, from the first one on, for
// every shape. Call at the start of the thread that runs them; some settings are the thread's,
// others the process's, and all are idempotent.
void ApplyInferenceJitSettings();

}  // namespace audioldm
