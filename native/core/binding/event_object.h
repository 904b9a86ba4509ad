#pragma once

#include <napi.h>

#include "job/event.h"

namespace audioldm {

// NativeEvent of lib/native/binding.ts. Not for events about the host itself.
Napi::Object ToObject(Napi::Env env, Event event);

// NativeError of lib/native/binding.ts, from an event of type kError.
Napi::Object ToError(Napi::Env env, const Event& event);

}  // namespace audioldm
