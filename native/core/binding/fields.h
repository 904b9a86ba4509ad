#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace audioldm {

// Typed reads of the objects of lib/native/binding.ts. What is not as expected is a TypeError that
// names the field.

[[noreturn]] void Wrong(Napi::Env env, const std::string& field, const char* expected);

inline Napi::Value Field(const Napi::Object& object, const char* name) { return object.Get(name); }

// Undefined or null.
bool IsAbsent(const Napi::Value& value);

Napi::Object AsObject(const Napi::Value& value, const char* name);
double AsNumber(const Napi::Value& value, const std::string& name);
int64_t AsInteger(const Napi::Value& value, const char* name);

std::string StringField(const Napi::Object& object, const char* name);
double NumberField(const Napi::Object& object, const char* name);
int64_t IntegerField(const Napi::Object& object, const char* name);
// A whole number of 0 and more.
int64_t CountField(const Napi::Object& object, const char* name);
bool BoolField(const Napi::Object& object, const char* name);
Napi::Object ObjectField(const Napi::Object& object, const char* name);
Napi::Array ArrayField(const Napi::Object& object, const char* name);
std::vector<std::string> StringsField(const Napi::Object& object, const char* name);
std::vector<int64_t> IntegersField(const Napi::Object& object, const char* name);
c10::ScalarType DTypeField(const Napi::Object& object, const char* name);
// A tensor, or an undefined one where the field is absent.
at::Tensor OptionalTensorField(const Napi::Object& object, const char* name);

std::string ParseString(const Napi::Value& value, const char* name);
Napi::Array ParseArray(const Napi::Value& value, const char* name);
Napi::Function ParseFunction(const Napi::Value& value, const char* name);

// 1 to 1024.
int ParseThreads(const Napi::Value& value);

// A bigint of 0 to 2^64 - 1.
uint64_t ParseSeed(const Napi::Value& seed);

// An Int32Array.
std::vector<int64_t> ParseInt32Array(const Napi::Value& value, const char* name);

// A Float64Array.
std::vector<double> ParseFloat64Array(const Napi::Value& value, const char* name);

// An object of named numbers.
std::map<std::string, double> ParseNumbers(const Napi::Value& value, const char* name);

}  // namespace audioldm
