#include "binding/native_tensor.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "binding/fields.h"
#include "binding/instance.h"
#include "module/mapped_tensor.h"
#include "tensor/device.h"
#include "tensor/dtype.h"

namespace audioldm {
namespace {

std::atomic<int64_t> live_bytes{0};

// Tells our handles from other objects, whatever prototype they were given.
constexpr napi_type_tag kTypeTag = {0x6f1d9a52b07c4e38, 0x9b3ce84d12a75f06};

// V8 counts at most this much per call.
constexpr int64_t kAdjustStep = int64_t{512} << 20;

void AdjustExternalMemory(Napi::Env env, int64_t change) {
  while (change != 0) {
    int64_t step = std::clamp(change, -kAdjustStep, kAdjustStep);
    Napi::MemoryManagement::AdjustExternalMemory(env, step);
    change -= step;
  }
}

const char* Name(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return "float64";
    case at::kFloat:
      return "float32";
    case at::kHalf:
      return "float16";
    case at::kBFloat16:
      return "bfloat16";
    case at::kLong:
      return "int64";
    case at::kInt:
      return "int32";
    case at::kShort:
      return "int16";
    case at::kChar:
      return "int8";
    case at::kByte:
      return "uint8";
    default:
      return "bool";
  }
}

template <typename Array>
Napi::Value Copy(Napi::Env env, const at::Tensor& tensor) {
  auto array = Array::New(env, static_cast<size_t>(tensor.numel()));
  if (tensor.numel() > 0) std::memcpy(array.Data(), tensor.const_data_ptr(), tensor.nbytes());
  return array;
}

// Sizes whose product is a number of elements.
std::vector<int64_t> ParseShape(const Napi::Value& value) {
  const Napi::Env env = value.Env();
  const Napi::Array sizes = ParseArray(value, "shape");
  std::vector<int64_t> shape;
  int64_t numel = 1;
  for (uint32_t i = 0; i < sizes.Length(); i++) {
    const int64_t size = sizes.Get(i).As<Napi::Number>().Int64Value();
    if (size < 0 || __builtin_mul_overflow(numel, size, &numel)) {
      throw Napi::RangeError::New(env, "a shape holds sizes of 0 and more");
    }
    shape.push_back(size);
  }
  return shape;
}

}  // namespace

Napi::Function NativeTensor::Define(Napi::Env env) {
  return DefineClass(
      env, "NativeTensor",
      {StaticMethod("from", &NativeTensor::From), StaticMethod("map", &NativeTensor::Map),
       InstanceAccessor("shape", &NativeTensor::Shape, nullptr),
       InstanceAccessor("dtype", &NativeTensor::DType, nullptr),
       InstanceAccessor("device", &NativeTensor::Device, nullptr),
       InstanceAccessor("disposed", &NativeTensor::Disposed, nullptr),
       InstanceMethod("data", &NativeTensor::Data), InstanceMethod("to", &NativeTensor::To),
       InstanceMethod("dispose", &NativeTensor::Dispose)});
}

NativeTensor::NativeTensor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeTensor>(info) {
  info.This().As<Napi::Object>().TypeTag(&kTypeTag);
}

NativeTensor::~NativeTensor() { Release(Env()); }

void NativeTensor::Hold(Napi::Env env, at::Tensor tensor, int64_t bytes) {
  tensor_ = std::move(tensor);
  bytes_ = bytes;
  live_bytes += bytes_;
  // Only memory of the host: counting a GPU's would make V8 collect for nothing.
  if (tensor_.is_cpu()) AdjustExternalMemory(env, bytes_);
}

void NativeTensor::Release(Napi::Env env) {
  if (!tensor_.defined()) return;
  if (tensor_.is_cpu()) AdjustExternalMemory(env, -bytes_);
  live_bytes -= bytes_;
  tensor_ = at::Tensor();
}

const at::Tensor& NativeTensor::Require(Napi::Env env) const {
  if (!tensor_.defined()) throw Napi::Error::New(env, "this tensor was disposed");
  return tensor_;
}

Napi::Object NativeTensor::Wrap(Napi::Env env, at::Tensor tensor) {
  Napi::Object object = Instance::Of(env).tensor.New({});
  const auto bytes = static_cast<int64_t>(tensor.nbytes());
  Napi::ObjectWrap<NativeTensor>::Unwrap(object)->Hold(env, std::move(tensor), bytes);
  return object;
}

at::Tensor NativeTensor::TensorOf(Napi::Value value) {
  Napi::Env env = value.Env();
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kTypeTag)) {
    throw Napi::TypeError::New(env, "expected a NativeTensor");
  }
  return Napi::ObjectWrap<NativeTensor>::Unwrap(value.As<Napi::Object>())->Require(env);
}

std::vector<at::Tensor> NativeTensor::TensorsOf(Napi::Value value) {
  const Napi::Array list = ParseArray(value, "inputs");
  std::vector<at::Tensor> tensors;
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::HandleScope scope(value.Env());
    tensors.push_back(TensorOf(list.Get(i)));
  }
  return tensors;
}

int64_t NativeTensor::LiveBytes() { return live_bytes; }

Napi::Value NativeTensor::From(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto type =
      info[0].IsTypedArray() ? info[0].As<Napi::TypedArray>().TypedArrayType() : napi_uint8_array;
  if (type != napi_float32_array && type != napi_float64_array) {
    throw Napi::TypeError::New(env, "expected a Float32Array or a Float64Array");
  }
  const auto shape = ParseShape(info[1]);
  const auto data = info[0].As<Napi::TypedArray>();
  if (c10::multiply_integers(shape) != static_cast<int64_t>(data.ElementLength())) {
    throw Napi::RangeError::New(env, "the shape does not fit the number of elements");
  }
  auto tensor = at::empty(shape, type == napi_float32_array ? at::kFloat : at::kDouble);
  if (tensor.numel() > 0) {
    const auto* bytes = static_cast<const std::byte*>(data.ArrayBuffer().Data());
    std::memcpy(tensor.data_ptr(), bytes + data.ByteOffset(), tensor.nbytes());
  }
  return Wrap(env, tensor);
}

Napi::Value NativeTensor::Map(const Napi::CallbackInfo& info) {
  const std::string path = ParseString(info[0], "path");
  const int64_t offset = AsInteger(info[1], "offset");
  at::Tensor tensor = MapTensor(path, offset, ParseShape(info[2]));
  const Napi::Object object = Instance::Of(info.Env()).tensor.New({});
  Napi::ObjectWrap<NativeTensor>::Unwrap(object)->Hold(info.Env(), std::move(tensor), 0);
  return object;
}

Napi::Value NativeTensor::Shape(const Napi::CallbackInfo& info) {
  const auto& sizes = Require(info.Env()).sizes();
  auto shape = Napi::Array::New(info.Env(), sizes.size());
  for (size_t i = 0; i < sizes.size(); i++) {
    shape.Set(static_cast<uint32_t>(i), static_cast<double>(sizes[i]));
  }
  return shape;
}

Napi::Value NativeTensor::DType(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), Name(Require(info.Env()).scalar_type()));
}

Napi::Value NativeTensor::Device(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), Require(info.Env()).device().str());
}

Napi::Value NativeTensor::Disposed(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), !tensor_.defined());
}

Napi::Value NativeTensor::Data(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  c10::InferenceMode inference;
  at::Tensor tensor = Require(env).cpu();
  if (tensor.scalar_type() == at::kBFloat16 || tensor.scalar_type() == at::kHalf) {
    tensor = tensor.to(at::kFloat);
  }
  tensor = tensor.contiguous();
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return Copy<Napi::Float32Array>(env, tensor);
    case at::kDouble:
      return Copy<Napi::Float64Array>(env, tensor);
    case at::kLong:
      return Copy<Napi::BigInt64Array>(env, tensor);
    case at::kInt:
      return Copy<Napi::Int32Array>(env, tensor);
    default:
      return Copy<Napi::Uint8Array>(env, tensor.to(at::kByte));
  }
}

Napi::Value NativeTensor::To(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  c10::InferenceMode inference;
  at::Tensor tensor = Require(env);
  c10::ScalarType dtype = tensor.scalar_type();
  c10::Device device = tensor.device();
  if (info[0].IsString()) {
    auto parsed = ParseDType(info[0].As<Napi::String>());
    if (!parsed) throw Napi::TypeError::New(env, "there is no such dtype");
    dtype = *parsed;
  }
  if (info[1].IsString()) device = ParseDevice(info[1].As<Napi::String>());
  return Wrap(env, tensor.to(device, dtype, /*non_blocking=*/false, /*copy=*/true));
}

void NativeTensor::Dispose(const Napi::CallbackInfo& info) { Release(info.Env()); }

}  // namespace audioldm
