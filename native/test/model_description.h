#pragma once

#include <string>

#include "diffusion/pipeline_spec.h"

namespace audioldm {

// Reads what reference_model.py wrote. One item a line:
//   dtype D | scaling_factor X | alphas_cumprod X… | file PATH
//   part NAME ARCHIVE — what follows belongs to it
//   attribute NAME number|bool COUNT|scalar VALUE…
//   tensor NAME FILE OFFSET DTYPE DIMENSIONS SIZE… STRIDE…
// Throws std::runtime_error on anything else.
PipelineSpec ReadModelDescription(const std::string& path);

}  // namespace audioldm
