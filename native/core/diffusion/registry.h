#pragma once

#include <memory>
#include <string>
#include <vector>

#include "diffusion/scheduler.h"

namespace audioldm {

// A new scheduler by the name it has in SchedulerName of lib/native/binding.ts. Throws Error
// (kEngineFailed) for an unknown name or a config outside the contract of SchedulerConfig.
std::unique_ptr<Scheduler> CreateScheduler(const std::string& name, const SchedulerConfig& config);

std::vector<std::string> SchedulerNames();

}  // namespace audioldm
