#include "tensor/error.h"

#include <c10/util/Exception.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <new>
#include <string_view>

namespace audioldm {
namespace {

// TorchScript wraps the failing operator's message in a listing of the script; the message follows
// the last of these marks.
std::string WithoutScriptTrace(const std::string& message) {
  static constexpr std::string_view kMark = "RuntimeError: ";
  const size_t mark = message.rfind(kMark);
  const size_t start = mark == std::string::npos ? 0 : mark + kMark.size();
  return message.substr(start, message.find_last_not_of('\n') + 1 - start);
}

bool SaysOutOfMemory(std::string_view message) {
  return message.find("can't allocate memory") != std::string_view::npos ||
         message.find("not enough memory") != std::string_view::npos ||
         message.find("out of memory") != std::string_view::npos;
}

Error FromMessage(const std::string& message, const std::string& doing) {
  const ErrorCode code =
      SaysOutOfMemory(message) ? ErrorCode::kOutOfMemory : ErrorCode::kEngineFailed;
  return Error(code, "Failed while " + doing + ": " + WithoutScriptTrace(message));
}

}  // namespace

const char* CodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kAborted:
      return "ABORTED";
    case ErrorCode::kOutOfMemory:
      return "OUT_OF_MEMORY";
    case ErrorCode::kInvalidWeights:
      return "INVALID_WEIGHTS";
    case ErrorCode::kDisposed:
      return "DISPOSED";
    case ErrorCode::kDiverged:
      return "DIVERGED";
    case ErrorCode::kOutputFailed:
      return "OUTPUT_FAILED";
    case ErrorCode::kEngineFailed:
      break;
  }
  return "ENGINE_FAILED";
}

Error AsError(std::exception_ptr exception, const std::string& doing) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::kOutOfMemory, "Out of memory while " + doing + ".");
  } catch (const c10::OutOfMemoryError& error) {
    return Error(ErrorCode::kOutOfMemory,
                 "Out of memory while " + doing + ": " + error.what_without_backtrace());
  } catch (const c10::Error& error) {
    return FromMessage(error.what_without_backtrace(), doing);
  } catch (const torch::jit::JITException& error) {
    // A `raise` in the script.
    return FromMessage(error.getOriginalMsg().value_or(error.what()), doing);
  } catch (const std::exception& error) {
    return FromMessage(error.what(), doing);
  } catch (...) {
    return Error(ErrorCode::kEngineFailed, "Failed while " + doing + " for an unknown reason.");
  }
}

}  // namespace audioldm
