// Weights from files that are what they should be, and from files that are not.

#include "module/weights.h"

#include <ATen/ATen.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "checks.h"
#include "module/archive.h"

namespace {

using audioldm::Check;
using audioldm::CheckRefused;
using audioldm::ErrorCode;
using audioldm::LoadWeight;
using audioldm::MappedFile;
using audioldm::WeightPlacement;
using audioldm::WeightView;

std::string folder;

audioldm::MappedFiles FileOf(const std::string& name, const void* data, size_t size) {
  const std::string path = folder + "/" + name;
  std::ofstream(path, std::ios::binary).write(static_cast<const char*>(data), size);
  return {MappedFile::Open(path)};
}

void TestLayouts() {
  float numbers[25];
  for (int i = 0; i < 25; ++i) numbers[i] = static_cast<float>(i);
  const audioldm::MappedFiles files = FileOf("floats", numbers, sizeof(numbers));
  const at::Tensor expected = at::arange(24, at::kFloat);

  const at::Tensor matrix = LoadWeight({"w", 0, 0, at::kFloat, {4, 6}, {6, 1}}, files, {});
  Check(matrix.data_ptr() == files[0]->data(), "a row-major matrix is used where it lies");
  Check(at::equal(matrix, expected.view({4, 6})), "values of a matrix");

  const WeightView kernel{"w", 0, 0, at::kFloat, {2, 4, 3}, {12, 3, 1}};
  WeightPlacement placement;
  placement.channels_last = true;
  const at::Tensor convolution = LoadWeight(kernel, files, placement);
  Check(convolution.unsqueeze(2).is_contiguous(at::MemoryFormat::ChannelsLast),
        "[O, I, K] is channels last once it has a height");
  Check(at::equal(convolution, expected.view({2, 4, 3})), "values of a channels-last kernel");
  const at::Tensor image =
      LoadWeight({"w", 0, 0, at::kFloat, {1, 2, 3, 4}, {24, 12, 4, 1}}, files, placement);
  Check(image.is_contiguous(at::MemoryFormat::ChannelsLast) &&
            at::equal(image, expected.view({1, 2, 3, 4})),
        "[O, I, H, W] is channels last");

  const at::Tensor transposed = LoadWeight({"w", 0, 0, at::kFloat, {6, 4}, {1, 6}}, files, {});
  Check(transposed.is_contiguous() && at::equal(transposed, expected.view({4, 6}).t()),
        "a transposed matrix becomes row-major");

  placement = {at::Device(at::kCPU), at::kBFloat16, false};
  const at::Tensor half = LoadWeight({"w", 0, 4, at::kFloat, {24}, {1}}, files, placement);
  Check(half.scalar_type() == at::kBFloat16 && half[7].item<float>() == 8, "conversion");

  const auto* bytes = reinterpret_cast<const char*>(numbers);
  const audioldm::MappedFiles shifted =
      FileOf("shifted", (std::string(3, 'x') + std::string(bytes, 96)).data(), 99);
  const at::Tensor copy = LoadWeight({"w", 0, 3, at::kFloat, {24}, {1}}, shifted, {});
  Check(at::equal(copy, expected), "an offset that is no multiple of the element size");
  Check(LoadWeight({"w", 0, 100, at::kFloat, {0, 5}, {5, 1}}, files, {}).numel() == 0,
        "an empty tensor");
}

void TestLifetime() {
  const float number = 5;
  at::Tensor tensor;
  std::weak_ptr<MappedFile> mapping;
  {
    const audioldm::MappedFiles files = FileOf("one", &number, sizeof(number));
    mapping = files[0];
    tensor = LoadWeight({"w", 0, 0, at::kFloat, {1}, {1}}, files, {});
  }
  Check(!mapping.expired() && tensor.item<float>() == 5, "a tensor keeps its file mapped");
  tensor = at::Tensor();
  Check(mapping.expired(), "the last tensor unmaps its file");
}

void TestRefusals() {
  const double numbers[2] = {1e300, 1};
  const audioldm::MappedFiles files = FileOf("doubles", numbers, sizeof(numbers));
  const auto refuse = [&](WeightView view, const std::string& message, const std::string& what) {
    view.name = "the.weight";
    CheckRefused([&] { LoadWeight(view, files, {}); }, ErrorCode::kInvalidWeights, message, what);
    CheckRefused([&] { LoadWeight(view, files, {}); }, ErrorCode::kInvalidWeights, "the.weight",
                 what + " names the tensor");
  };
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  refuse({"", 0, 0, at::kDouble, {2}, {1}}, "too large", "float64 that is no float32");
  refuse({"", 0, 0, at::kDouble, {3}, {1}}, "beyond the end", "a tensor longer than its file");
  refuse({"", 0, 12, at::kFloat, {2}, {1}}, "beyond the end", "an offset near the end");
  refuse({"", 0, ~uint64_t{0} - 3, at::kFloat, {2}, {1}}, "beyond the end", "an offset that wraps");
  refuse({"", 0, 0, at::kFloat, {kHuge, 3}, {3, 1}}, "larger than any", "sizes that overflow");
  refuse({"", 0, 0, at::kFloat, {2, 2}, {kHuge, kHuge}}, "larger than any",
         "strides that overflow");
  refuse({"", 0, 0, at::kDouble, {kHuge / 4}, {1}}, "beyond the end", "bytes that overflow");
  refuse({"", 0, 0, at::kFloat, {1 << 30}, {0}}, "overlapping", "a stride of 0");
  refuse({"", 0, 0, at::kFloat, {-1}, {1}}, "negative", "a negative size");
  refuse({"", 0, 0, at::kFloat, {2}, {}}, "0 strides", "missing strides");
  refuse({"", 1, 0, at::kFloat, {2}, {1}}, "not given", "a file that was not given");
}

void TestFiles() {
  const auto refuse = [](const std::string& path, const std::string& message) {
    CheckRefused([&] { MappedFile::Open(path); }, ErrorCode::kInvalidWeights, message, path);
  };
  refuse(folder + "/none", "No such file");
  refuse(folder, "not a regular file");
  std::ofstream(folder + "/empty");
  refuse(folder + "/empty", "is empty");
  Check(::mkfifo((folder + "/fifo").c_str(), 0600) == 0, "mkfifo");
  refuse(folder + "/fifo", "not a regular file");

  const auto refuse_archive = [](const std::string& path) {
    CheckRefused([&] { audioldm::LoadArchive(path, at::Device(at::kCPU)); },
                 ErrorCode::kEngineFailed, path, "as an archive, " + path);
  };
  std::ofstream(folder + "/junk.pt") << "this is no archive";
  std::ofstream(folder + "/truncated.pt") << "PK\x03\x04";
  refuse_archive(folder + "/junk.pt");
  refuse_archive(folder + "/truncated.pt");
  refuse_archive(folder + "/none.pt");
}

}  // namespace

int main() {
  char name[] = "/tmp/audioldm-weights-XXXXXX";
  if (::mkdtemp(name) == nullptr) return 2;
  folder = name;
  TestLayouts();
  TestLifetime();
  TestRefusals();
  TestFiles();
  std::filesystem::remove_all(folder);
  return audioldm::Summarize();
}
