// audioldm.node: finds nothing and decides nothing. It opens the libraries it is told to, then the
// core, and hands back what the core exports. Linked to libdl alone, so requiring the package works
// on a machine without libtorch, and the exact reason of a failed load reaches JavaScript.

#include <dlfcn.h>
#include <napi.h>

#include <cstdlib>
#include <string>

namespace {

// libgomp, which libtorch brings along, reads its settings when it is opened. By default its idle
// threads spin for milliseconds between two operators; where the machine has other work to do, that
// makes everything many times slower. Ours spin for microseconds, no slower on an idle machine,
// unless the user says otherwise. The variable is there only while libtorch is opened: child
// processes do not inherit it.
class QuietThreads {
 public:
  QuietThreads() {
    if (getenv("OMP_WAIT_POLICY") == nullptr && getenv(kSpinCount) == nullptr) {
      ours_ = setenv(kSpinCount, "1000", 1) == 0;
    }
  }
  ~QuietThreads() {
    if (ours_) unsetenv(kSpinCount);
  }
  QuietThreads(const QuietThreads&) = delete;
  QuietThreads& operator=(const QuietThreads&) = delete;

 private:
  static constexpr const char* kSpinCount = "GOMP_SPINCOUNT";
  bool ours_ = false;
};

using CoreInit = napi_value (*)(napi_env env, napi_value exports);

void* Open(Napi::Env env, const std::string& path) {
  // RTLD_LOCAL keeps libtorch's symbols from interposing on other addons. The handles are kept for
  // the life of the process: libtorch cannot be unloaded.
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw Napi::Error::New(env, dlerror());
  return handle;
}

Napi::Value Load(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto libraries = info[0].As<Napi::Array>();
  std::string core_path = info[1].As<Napi::String>();
  const QuietThreads quiet;
  for (uint32_t i = 0; i < libraries.Length(); i++) {
    Open(env, libraries.Get(i).As<Napi::String>());
  }
  void* core = Open(env, core_path);
  auto init = reinterpret_cast<CoreInit>(dlsym(core, "audioldm_core_init"));
  if (init == nullptr) throw Napi::Error::New(env, core_path + " is not a core of audioldm");
  return Napi::Value(env, init(env, Napi::Object::New(env)));
}

Napi::Value CudaDriverProblem(const Napi::CallbackInfo& info) {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return Napi::String::New(info.Env(), dlerror());
  dlclose(driver);
  return info.Env().Null();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("load", Napi::Function::New(env, Load, "load"));
  exports.Set("cudaDriverProblem",
              Napi::Function::New(env, CudaDriverProblem, "cudaDriverProblem"));
  return exports;
}

}  // namespace

NODE_API_MODULE(audioldm, Init)
