#pragma once

// What test programs expect: each failure is told of and counted.

#include <iostream>
#include <string>

#include "tensor/error.h"

namespace audioldm {

inline int failures = 0;

inline void Check(bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  std::cerr << "FAIL " << what << "\n";
}

// That `work` throws an Error of that code, whose message has that part. `what` is told of a
// failure.
template <typename Work>
void CheckRefused(const Work& work, ErrorCode code, const std::string& part_of_message,
                  const std::string& what = "") {
  const std::string expected = what + " \"" + part_of_message + "\"";
  try {
    work();
    Check(false, expected + ": nothing was thrown");
  } catch (const Error& error) {
    const std::string message = error.what();
    Check(error.code() == code && message.find(part_of_message) != std::string::npos,
          expected + ": " + CodeName(error.code()) + " " + message);
  }
}

// For the end of a program: its exit status.
inline int Summarize() {
  std::cout << failures << " failures\n";
  return failures == 0 ? 0 : 1;
}

}  // namespace audioldm
