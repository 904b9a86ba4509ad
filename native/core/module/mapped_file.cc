#include "module/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tensor/error.h"

namespace audioldm {
namespace {

[[noreturn]] void FailToRead(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::kInvalidWeights, "Cannot read the file '" + path + "': " + why);
}

// Closes a descriptor; a mapping outlives it.
struct Descriptor {
  int value;
  ~Descriptor() { ::close(value); }
};

}  // namespace

std::shared_ptr<MappedFile> MappedFile::Open(const std::string& path) {
  // Non-blocking so that a FIFO is refused below instead of waited for.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) FailToRead(path, std::strerror(errno));
  const Descriptor descriptor{fd};
  struct stat status{};
  if (::fstat(fd, &status) != 0) FailToRead(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) FailToRead(path, "it is not a regular file.");
  if (status.st_size == 0) FailToRead(path, "it is empty.");
  const auto size = static_cast<size_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) FailToRead(path, std::strerror(errno));
  return std::shared_ptr<MappedFile>(new MappedFile(path, static_cast<std::byte*>(data), size));
}

MappedFile::~MappedFile() { ::munmap(data_, size_); }

void MappedFile::AdviseDontNeed(size_t offset, size_t length) const {
  // From the page that holds the first byte; the kernel rounds the end up. Failure costs memory,
  // nothing else.
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t start = offset / page * page;
  ::madvise(data_ + start, offset - start + length, MADV_DONTNEED);
}

}  // namespace audioldm
