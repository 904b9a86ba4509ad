#include "binding/fields.h"

#include <cmath>
#include <optional>

#include "binding/native_tensor.h"
#include "tensor/dtype.h"

namespace audioldm {
namespace {

// Whole numbers of JavaScript are exact up to 2^53; NaN fails every comparison.
bool IsWhole(double value) { return std::abs(value) <= 0x1p53 && std::floor(value) == value; }

// The elements of a typed array of exactly this type: another one would be read past its end.
template <typename T>
T Elements(const Napi::Value& value, napi_typedarray_type type, const char* name,
           const char* expected) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    Wrong(value.Env(), name, expected);
  }
  return value.As<T>();
}

}  // namespace

[[noreturn]] void Wrong(Napi::Env env, const std::string& field, const char* expected) {
  throw Napi::TypeError::New(env, "native request: " + field + " is not " + expected);
}

std::string StringField(const Napi::Object& object, const char* name) {
  return ParseString(Field(object, name), name);
}

double AsNumber(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) Wrong(value.Env(), name, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

double NumberField(const Napi::Object& object, const char* name) {
  return AsNumber(Field(object, name), name);
}

int64_t AsInteger(const Napi::Value& value, const char* name) {
  const double number = AsNumber(value, name);
  if (!IsWhole(number)) Wrong(value.Env(), name, "a whole number");
  return static_cast<int64_t>(number);
}

int64_t IntegerField(const Napi::Object& object, const char* name) {
  return AsInteger(Field(object, name), name);
}

int64_t CountField(const Napi::Object& object, const char* name) {
  const int64_t value = IntegerField(object, name);
  if (value < 0) Wrong(object.Env(), name, "0 or more");
  return value;
}

bool BoolField(const Napi::Object& object, const char* name) {
  auto value = Field(object, name);
  if (!value.IsBoolean()) Wrong(object.Env(), name, "a boolean");
  return value.As<Napi::Boolean>();
}

Napi::Object AsObject(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) Wrong(value.Env(), name, "an object");
  return value.As<Napi::Object>();
}

Napi::Object ObjectField(const Napi::Object& object, const char* name) {
  return AsObject(Field(object, name), name);
}

bool IsAbsent(const Napi::Value& value) { return value.IsUndefined() || value.IsNull(); }

at::Tensor OptionalTensorField(const Napi::Object& object, const char* name) {
  const Napi::Value value = Field(object, name);
  return IsAbsent(value) ? at::Tensor() : NativeTensor::TensorOf(value);
}

Napi::Array ArrayField(const Napi::Object& object, const char* name) {
  return ParseArray(Field(object, name), name);
}

std::vector<std::string> StringsField(const Napi::Object& object, const char* name) {
  auto array = ArrayField(object, name);
  std::vector<std::string> values;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value item = array.Get(i);
    if (!item.IsString()) Wrong(object.Env(), name, "an array of strings");
    values.push_back(item.As<Napi::String>());
  }
  return values;
}

std::vector<int64_t> IntegersField(const Napi::Object& object, const char* name) {
  auto array = ArrayField(object, name);
  std::vector<int64_t> values;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::HandleScope scope(object.Env());
    const Napi::Value item = array.Get(i);
    const double value = item.IsNumber() ? item.As<Napi::Number>().DoubleValue() : NAN;
    if (!IsWhole(value)) Wrong(object.Env(), name, "an array of whole numbers");
    values.push_back(static_cast<int64_t>(value));
  }
  return values;
}

c10::ScalarType DTypeField(const Napi::Object& object, const char* name) {
  auto dtype = ParseDType(StringField(object, name));
  if (!dtype) Wrong(object.Env(), name, "a dtype");
  return *dtype;
}

int ParseThreads(const Napi::Value& value) {
  const int64_t threads = AsInteger(value, "threads");
  if (threads < 1 || threads > 1024) Wrong(value.Env(), "threads", "1 to 1024");
  return static_cast<int>(threads);
}

std::map<std::string, double> ParseNumbers(const Napi::Value& value, const char* name) {
  const Napi::Object object = AsObject(value, name);
  const Napi::Array names = object.GetPropertyNames();
  std::map<std::string, double> numbers;
  for (uint32_t i = 0; i < names.Length(); i++) {
    const std::string key = names.Get(i).As<Napi::String>();
    numbers[key] = AsNumber(object.Get(key), key);
  }
  return numbers;
}

std::string ParseString(const Napi::Value& value, const char* name) {
  if (!value.IsString()) Wrong(value.Env(), name, "a string");
  return value.As<Napi::String>();
}

Napi::Array ParseArray(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) Wrong(value.Env(), name, "an array");
  return value.As<Napi::Array>();
}

Napi::Function ParseFunction(const Napi::Value& value, const char* name) {
  if (!value.IsFunction()) Wrong(value.Env(), name, "a function");
  return value.As<Napi::Function>();
}

uint64_t ParseSeed(const Napi::Value& seed) {
  if (!seed.IsBigInt()) Wrong(seed.Env(), "seed", "a bigint");
  bool lossless = false;
  const uint64_t value = seed.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) Wrong(seed.Env(), "seed", "from 0 to 2^64 - 1");
  return value;
}

std::vector<int64_t> ParseInt32Array(const Napi::Value& value, const char* name) {
  auto array = Elements<Napi::Int32Array>(value, napi_int32_array, name, "an Int32Array");
  return std::vector<int64_t>(array.Data(), array.Data() + array.ElementLength());
}

std::vector<double> ParseFloat64Array(const Napi::Value& value, const char* name) {
  auto array = Elements<Napi::Float64Array>(value, napi_float64_array, name, "a Float64Array");
  return std::vector<double>(array.Data(), array.Data() + array.ElementLength());
}

}  // namespace audioldm
