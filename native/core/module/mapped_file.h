#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace audioldm {

// A regular file mapped read-only for as long as the object lives. Tensors that view it hold the
// shared_ptr. The file must not be shortened meanwhile (writers of weights write beside and
// rename).
class MappedFile {
 public:
  // Throws Error (kInvalidWeights) naming the file when it cannot be opened, is not a regular file
  // or is empty.
  static std::shared_ptr<MappedFile> Open(const std::string& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  const std::string& path() const { return path_; }

  // Tells the kernel that the pages of [offset, offset + length) need not stay resident. They are
  // read again from the file when touched. The range must lie inside the file.
  void AdviseDontNeed(size_t offset, size_t length) const;

 private:
  MappedFile(std::string path, std::byte* data, size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}

  std::string path_;
  std::byte* data_;
  size_t size_;
};

using MappedFiles = std::vector<std::shared_ptr<MappedFile>>;

}  // namespace audioldm
