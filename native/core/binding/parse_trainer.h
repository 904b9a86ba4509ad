#pragma once

#include <napi.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "training/trainer.h"

namespace audioldm {

// As parse.h, for NativeTrainer.

struct ThreadedTrainerSpec {
  TrainerSpec trainer;
  int threads = 1;
};

ThreadedTrainerSpec ParseTrainerSpec(const Napi::Value& spec);
TrainingData ParseTrainingData(const Napi::Value& data);

struct InspectRequest {
  int64_t step = 0;
  bool gradients = false;
};

InspectRequest ParseInspectRequest(const Napi::Value& request);

struct ValidateRequest {
  std::vector<int64_t> items;
  int64_t draws = 1;
  uint64_t seed = 0;
  bool ema = true;
};

ValidateRequest ParseValidateRequest(const Napi::Value& request);

std::vector<SaveEntry> ParseSaveEntries(const Napi::Value& entries);
std::map<std::string, std::string> ParseMetadata(const Napi::Value& metadata);

}  // namespace audioldm
