#pragma once

#include <napi.h>

#include <vector>

#include "diffusion/pipeline.h"
#include "module/network.h"

namespace audioldm {

// Plain structs from the objects of lib/native/binding.ts, copied on the JavaScript thread; nothing
// of V8 is kept. TypeScript made these objects, so a wrong type is a bug and a TypeError that names
// the field. Numbers whose range only the model knows are checked where they are used.

struct ModelSpec {
  PipelineSpec pipeline;
  int threads = 1;
};

PartSpec ParsePart(const Napi::Object& part);
std::vector<WeightView> ParseWeights(const Napi::Value& value, const char* name);

ModelSpec ParseModelSpec(const Napi::Value& spec);

struct ThreadedNetworkSpec {
  NetworkSpec network;
  int threads = 1;
};

ThreadedNetworkSpec ParseNetworkSpec(const Napi::Value& spec);

struct GenerateSpec {
  GenerateRequest request;
  bool step_latents = false;
};

GenerateSpec ParseGenerateRequest(const Napi::Value& request);
DecodeRequest ParseDecodeRequest(const Napi::Value& request);
EncodeRequest ParseEncodeRequest(const Napi::Value& request);

// An Int32Array.
TokenIds ParseTokenIds(const Napi::Value& ids);

}  // namespace audioldm
