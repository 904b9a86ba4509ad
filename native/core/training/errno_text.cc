#include "training/errno_text.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace audioldm {

std::string ErrnoText(int error) {
  static constexpr std::pair<int, const char*> kNames[] = {
      {EACCES, "EACCES"},
      {EDQUOT, "EDQUOT"},
      {EEXIST, "EEXIST"},
      {EFBIG, "EFBIG"},
      {EINVAL, "EINVAL"},
      {EIO, "EIO"},
      {EISDIR, "EISDIR"},
      {ELOOP, "ELOOP"},
      {EMFILE, "EMFILE"},
      {ENFILE, "ENFILE"},
      {ENOENT, "ENOENT"},
      {ENOSPC, "ENOSPC"},
      {EPERM, "EPERM"},
      {ENOTDIR, "ENOTDIR"},
      {EROFS, "EROFS"},
      {ENOMEM, "ENOMEM"},
      {ENXIO, "ENXIO"},
      {ETXTBSY, "ETXTBSY"},
      {ENAMETOOLONG, "ENAMETOOLONG"},
  };
  std::string name = "errno " + std::to_string(error);
  for (const auto& [known, text] : kNames) {
    if (error == known) name = text;
  }
  return name + ": " + std::generic_category().message(error);
}

}  // namespace audioldm
