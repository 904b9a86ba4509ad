#include "training/safetensors_writer.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <sstream>

#include "tensor/error.h"
#include "training/errno_text.h"

namespace audioldm {
namespace {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

[[noreturn]] void FailToWrite(const std::string& path, int error) {
  throw Error(ErrorCode::kOutputFailed, "Cannot write '" + path + "': " + ErrnoText(error) + ".");
}

std::string Quoted(const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte < 0x20) {
      quoted += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string MetadataOf(const std::map<std::string, std::string>& metadata) {
  std::string json = "\"__metadata__\":{";
  bool first = true;
  for (const auto& [key, value] : metadata) {
    if (!first) json += ",";
    json += Quoted(key);
    json += ":";
    json += Quoted(value);
    first = false;
  }
  return json + "}";
}

std::string DTypeOf(const std::string& name, const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kFloat) return "F32";
  if (tensor.scalar_type() == at::kLong) return "I64";
  throw Error(ErrorCode::kEngineFailed,
              "The tensor '" + name + "' is neither float32 nor int64; it cannot be written.");
}

// The length of the header, little-endian in eight bytes, and the header, padded with spaces so
// that data start at a multiple of eight.
std::string HeaderOf(const NamedTensors& tensors,
                     const std::map<std::string, std::string>& metadata) {
  std::string json = "{";
  if (!metadata.empty()) json += MetadataOf(metadata);
  std::set<std::string> names = {"__metadata__"};
  size_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    if (!names.insert(name).second) {
      throw Error(ErrorCode::kEngineFailed, "Two tensors to write are named '" + name + "'.");
    }
    const size_t end = offset + tensor.nbytes();
    std::ostringstream entry;
    entry << Quoted(name) << ":{\"dtype\":\"" << DTypeOf(name, tensor) << "\",\"shape\":[";
    for (int64_t i = 0; i < tensor.dim(); ++i) entry << (i ? "," : "") << tensor.size(i);
    entry << "],\"data_offsets\":[" << offset << "," << end << "]}";
    if (json.size() > 1) json += ",";
    json += entry.str();
    offset = end;
  }
  json += "}";
  json.resize((json.size() + 7) / 8 * 8, ' ');
  std::string header;
  for (int byte = 0; byte < 8; ++byte) {
    header += static_cast<char>(static_cast<uint64_t>(json.size()) >> (8 * byte) & 0xFF);
  }
  return header + json;
}

// Whether no value is an infinity or NaN: these have all bits of the exponent set.
bool IsFinite(const at::Tensor& tensor) {
  if (tensor.scalar_type() != at::kFloat) return true;
  constexpr uint32_t kExponent = 0x7F800000;
  const auto* bits = static_cast<const uint32_t*>(tensor.const_data_ptr());
  uint32_t odd = 0;
  for (int64_t i = 0; i < tensor.numel(); ++i) odd |= (bits[i] & kExponent) == kExponent;
  return odd == 0;
}

// A file that is gone again unless Commit() was reached.
class NewFile {
 public:
  explicit NewFile(const std::string& path)
      : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
    if (fd_ < 0) FailToWrite(path_, errno);
  }
  ~NewFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void Write(const void* data, size_t size) {
    const auto* bytes = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t written = ::write(fd_, bytes, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) FailToWrite(path_, errno);
      bytes += written;
      size -= static_cast<size_t>(written);
    }
  }

  void Commit() {
    if (::fsync(fd_) != 0) FailToWrite(path_, errno);
    const int fd = fd_;
    fd_ = -1;
    if (::close(fd) == 0) return;
    const int error = errno;
    ::unlink(path_.c_str());
    FailToWrite(path_, error);
  }

 private:
  std::string path_;
  int fd_;
};

}  // namespace

void WriteSafetensors(const std::string& path, const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata) {
  const std::string header = HeaderOf(tensors, metadata);
  NewFile file(path);
  file.Write(header.data(), header.size());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor row_major = tensor.detach().cpu().contiguous();
    if (!IsFinite(row_major)) {
      throw Error(ErrorCode::kDiverged, "The tensor '" + name +
                                            "' has values that are not finite; '" + path +
                                            "' was not written. A lower learning rate may help.");
    }
    file.Write(row_major.const_data_ptr(), row_major.nbytes());
  }
  file.Commit();
}

}  // namespace audioldm
