#pragma once

#include <exception>
#include <stdexcept>
#include <string>

namespace audioldm {

// The codes of NativeError in lib/native/binding.ts.
enum class ErrorCode {
  kAborted,
  kOutOfMemory,
  kEngineFailed,
  kInvalidWeights,
  kDisposed,
  kDiverged,      // training no longer gives finite numbers
  kOutputFailed,  // a file could not be written
};

// "ABORTED", "OUT_OF_MEMORY"… as JavaScript sees it.
const char* CodeName(ErrorCode code);

// The one exception this library throws on purpose. what() names the thing that failed, says what
// was wrong with it and, where there is something to do, what to do.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

// Thrown where a cancelled job notices it.
class Aborted : public Error {
 public:
  Aborted() : Error(ErrorCode::kAborted, "The job was aborted.") {}
};

// Any exception as an Error: ours unchanged, std::bad_alloc and libtorch's allocation failures as
// kOutOfMemory, everything else as kEngineFailed with libtorch's message less its backtrace.
// `doing` says what was going on ("decoding the mel spectrogram").
Error AsError(std::exception_ptr exception, const std::string& doing);

}  // namespace audioldm
