// Runs operations on files of samples; audio_resample.py and audio_spectral_pair.py state the same
// in NumPy and compare.
//
// Input: one line per request,
//   operation output threads parameters (name value)… inputs (channels file)…
// where `parameters` and `inputs` are counts, a file holds float32 samples (channels × n) and
// channels 0 asks for a tensor of one dimension. The results go, one after another, as raw values
// to `output`. Output: one line per request, "ok seconds sizes…" or "error message".

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "compute/registry.h"
#include "tensor/error.h"

namespace {

at::Tensor ReadSamples(int64_t channels, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const at::Tensor flat = at::empty({static_cast<int64_t>(bytes.size() / sizeof(float))});
  std::copy(bytes.begin(), bytes.end(), static_cast<char*>(flat.mutable_data_ptr()));
  return channels == 0 ? flat : flat.view({channels, -1});
}

std::string Run(std::istringstream fields) {
  std::string operation, output;
  int threads = 0;
  size_t parameter_count = 0, input_count = 0;
  fields >> operation >> output >> threads >> parameter_count;
  std::map<std::string, double> parameters;
  for (size_t i = 0; i < parameter_count; ++i) {
    std::string name, value;
    fields >> name >> value;
    parameters[name] = std::stod(value);
  }
  fields >> input_count;
  audioldm::Tensors inputs;
  for (size_t i = 0; i < input_count; ++i) {
    int64_t channels = 0;
    std::string path;
    fields >> channels >> path;
    inputs.push_back(ReadSamples(channels, path));
  }
  if (!fields) throw std::runtime_error("cannot read the request");

  at::set_num_threads(threads);
  const auto start = std::chrono::steady_clock::now();
  const audioldm::Parameters named(std::move(parameters));
  const audioldm::Tensors results =
      audioldm::FindOperation(operation)({inputs, named, [] { return false; }});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  std::ofstream file(output, std::ios::binary);
  std::ostringstream report;
  report << "ok " << seconds.count();
  for (const at::Tensor& result : results) {
    file.write(static_cast<const char*>(result.const_data_ptr()), result.nbytes());
    report << " " << result.numel();
  }
  return report.str();
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << Run(std::istringstream(line)) << "\n";
    } catch (const audioldm::Error& error) {
      std::cout << "error " << error.what() << "\n";
    } catch (const std::exception& error) {
      std::cerr << line << ": " << error.what() << "\n";
      return 2;
    }
  }
  return 0;
}
