# Finds libtorch without its own CMake package, which stops on a CUDA build where nvcc is missing.
#
# Input:   LIBTORCH_ROOT (cache or environment): the folder that holds lib/libtorch_cpu.so and include/.
# Output:  the imported target libtorch::cpu (libtorch_cpu + libc10), LIBTORCH_VERSION, LIBTORCH_MINOR.

set(LIBTORCH_ROOT "$ENV{LIBTORCH_ROOT}" CACHE PATH "Folder of libtorch (of a torch wheel: .../site-packages/torch)")

find_path(LIBTORCH_INCLUDE_DIR torch/script.h
          PATHS "${LIBTORCH_ROOT}/include" NO_DEFAULT_PATH)
find_path(LIBTORCH_API_INCLUDE_DIR torch/torch.h
          PATHS "${LIBTORCH_ROOT}/include/torch/csrc/api/include" NO_DEFAULT_PATH)
find_library(LIBTORCH_CPU_LIBRARY torch_cpu PATHS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
find_library(LIBTORCH_C10_LIBRARY c10 PATHS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)

if(LIBTORCH_INCLUDE_DIR)
  # The header moved in 2.9.
  set(version_header "${LIBTORCH_INCLUDE_DIR}/torch/headeronly/version.h")
  if(NOT EXISTS "${version_header}")
    set(version_header "${LIBTORCH_API_INCLUDE_DIR}/torch/version.h")
  endif()
  file(STRINGS "${version_header}" version_lines
       REGEX "^#define TORCH_VERSION_(MAJOR|MINOR|PATCH)")
  foreach(part MAJOR MINOR PATCH)
    string(REGEX MATCH "TORCH_VERSION_${part} +([0-9]+)" _ "${version_lines}")
    set(version_${part} "${CMAKE_MATCH_1}")
  endforeach()
  set(LIBTORCH_VERSION "${version_MAJOR}.${version_MINOR}.${version_PATCH}")
  set(LIBTORCH_MINOR "${version_MAJOR}.${version_MINOR}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  Libtorch
  REQUIRED_VARS LIBTORCH_CPU_LIBRARY LIBTORCH_C10_LIBRARY LIBTORCH_INCLUDE_DIR
                LIBTORCH_API_INCLUDE_DIR
  VERSION_VAR LIBTORCH_VERSION)

if(Libtorch_FOUND AND NOT TARGET libtorch::cpu)
  add_library(libtorch::cpu INTERFACE IMPORTED)
  target_include_directories(libtorch::cpu SYSTEM INTERFACE "${LIBTORCH_INCLUDE_DIR}"
                                                            "${LIBTORCH_API_INCLUDE_DIR}")
  target_link_libraries(libtorch::cpu INTERFACE "${LIBTORCH_CPU_LIBRARY}"
                                                "${LIBTORCH_C10_LIBRARY}")
endif()
