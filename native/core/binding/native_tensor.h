#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <vector>

namespace audioldm {

// NativeTensor of lib/native/binding.ts: a handle on an at::Tensor. JavaScript never sees the
// memory itself: data() copies into an array that V8 owns, which is what Electron needs.
class NativeTensor : public Napi::ObjectWrap<NativeTensor> {
 public:
  static Napi::Function Define(Napi::Env env);

  // A new handle that owns `tensor`. JavaScript thread.
  static Napi::Object Wrap(Napi::Env env, at::Tensor tensor);

  // The tensor behind a handle; throws a JavaScript TypeError for anything else or a disposed one.
  static at::Tensor TensorOf(Napi::Value value);

  // Those behind an array of handles.
  static std::vector<at::Tensor> TensorsOf(Napi::Value value);

  // Bytes of all handles that are not disposed, in all environments; of mapped ones none.
  static int64_t LiveBytes();

  explicit NativeTensor(const Napi::CallbackInfo& info);
  ~NativeTensor() override;

 private:
  static Napi::Value From(const Napi::CallbackInfo& info);
  static Napi::Value Map(const Napi::CallbackInfo& info);
  Napi::Value Shape(const Napi::CallbackInfo& info);
  Napi::Value DType(const Napi::CallbackInfo& info);
  Napi::Value Device(const Napi::CallbackInfo& info);
  Napi::Value Disposed(const Napi::CallbackInfo& info);
  Napi::Value Data(const Napi::CallbackInfo& info);
  Napi::Value To(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info);

  // `bytes`: of memory that goes with the handle.
  void Hold(Napi::Env env, at::Tensor tensor, int64_t bytes);
  void Release(Napi::Env env);
  const at::Tensor& Require(Napi::Env env) const;

  at::Tensor tensor_;
  int64_t bytes_ = 0;
};

}  // namespace audioldm
