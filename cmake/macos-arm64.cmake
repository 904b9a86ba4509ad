# Toolchain file: macOS on Apple silicon from any machine, by zig (zig in PATH; Python package
# ziglang), which brings clang, libc++ and what a linker needs to know of macOS's libraries.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)
find_program(ZIG zig REQUIRED)
set(CMAKE_CXX_COMPILER ${ZIG} c++ -target aarch64-macos.14.0)
