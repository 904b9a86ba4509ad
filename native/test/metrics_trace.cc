// Runs native operations on tensors from stdin and writes their results to stdout; the Python
// references beside it compare them.
//
// Input, any number of times, in text lines and raw little-endian numbers:
//   operation <name> <parameters> <inputs>
//   <name> <value>                       per parameter
//   <float32|float64> <dims> <size>…     per input, its bytes right after the line
// Output per request: "error <code> <message>", or "ok <results> <milliseconds>" and then every
// result as an input is written, in the type it has.

#include <ATen/ATen.h>

#include <iostream>
#include <sstream>

#include "compute/numpy_random.h"
#include "compute/registry.h"
#include "tensor/error.h"
#include "tensor/stopwatch.h"

namespace {

std::istringstream ReadLine() {
  std::string line;
  std::getline(std::cin, line);
  return std::istringstream(line);
}

at::Tensor ReadTensor() {
  std::istringstream fields = ReadLine();
  std::string dtype;
  size_t dimensions = 0;
  fields >> dtype >> dimensions;
  std::vector<int64_t> shape(dimensions);
  for (int64_t& size : shape) fields >> size;
  at::Tensor tensor = at::empty(shape, dtype == "float64" ? at::kDouble : at::kFloat);
  std::cin.read(static_cast<char*>(tensor.data_ptr()),
                static_cast<std::streamsize>(tensor.nbytes()));
  return tensor;
}

void WriteTensor(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.contiguous();
  std::cout << (dense.scalar_type() == at::kDouble ? "float64 " : "float32 ") << dense.dim();
  for (const int64_t size : dense.sizes()) std::cout << " " << size;
  std::cout << "\n";
  std::cout.write(static_cast<const char*>(dense.data_ptr()),
                  static_cast<std::streamsize>(dense.nbytes()));
}

audioldm::NumpyRandom Random(const audioldm::Request& request) {
  return audioldm::NumpyRandom(
      static_cast<uint32_t>(request.parameters.Integer("seed", 0, ~uint32_t{0})));
}

// An operation of the library, or one that shows its random numbers: `permutation` (seed, count,
// times) and `integers` (seed, count, size), as float64.
audioldm::Operation Find(const std::string& name) {
  if (name == "permutation") {
    return [](const audioldm::Request& request) {
      audioldm::NumpyRandom random = Random(request);
      const int64_t count = request.parameters.Integer("count", 0, 1 << 20);
      audioldm::Tensors results(request.parameters.Integer("times", 1, 100));
      for (at::Tensor& result : results)
        result = at::tensor(random.Permutation(count)).to(at::kDouble);
      return results;
    };
  }
  if (name == "integers") {
    return [](const audioldm::Request& request) {
      const int64_t count = request.parameters.Integer("count", 1, int64_t{1} << 32);
      const int64_t size = request.parameters.Integer("size", 0, 1 << 20);
      return audioldm::Tensors{at::tensor(Random(request).Integers(count, size)).to(at::kDouble)};
    };
  }
  return audioldm::FindOperation(name);
}

void Run(const std::string& name, const audioldm::Tensors& inputs,
         const std::map<std::string, double>& numbers) {
  const audioldm::Parameters parameters(numbers);
  // A request with the parameter `cancel_after` is cancelled from that question on.
  const auto cancel_after = numbers.find("cancel_after");
  int asked = 0;
  const auto cancelled = [&] {
    return cancel_after != numbers.end() && ++asked > static_cast<int>(cancel_after->second);
  };
  try {
    const audioldm::Stopwatch stopwatch;
    const audioldm::Tensors results = Find(name)({inputs, parameters, cancelled});
    std::cout << "ok " << results.size() << " " << stopwatch.ElapsedMs() << "\n";
    for (const at::Tensor& result : results) WriteTensor(result);
  } catch (const audioldm::Error& error) {
    std::cout << "error " << audioldm::CodeName(error.code()) << " " << error.what() << "\n";
  }
  std::cout.flush();
}

}  // namespace

int main() {
  while (std::cin.peek() != EOF) {
    std::istringstream fields = ReadLine();
    std::string keyword, name;
    size_t parameter_count = 0, input_count = 0;
    if (!(fields >> keyword >> name >> parameter_count >> input_count) || keyword != "operation") {
      std::cerr << "cannot read the request: " << fields.str() << "\n";
      return 2;
    }
    std::map<std::string, double> parameters;
    for (size_t i = 0; i < parameter_count; ++i) {
      std::istringstream parameter = ReadLine();
      std::string key, value;
      parameter >> key >> value;
      parameters[key] = std::stod(value);  // also "nan" and "inf"
    }
    audioldm::Tensors inputs;
    for (size_t i = 0; i < input_count; ++i) inputs.push_back(ReadTensor());
    Run(name, inputs, parameters);
  }
  return 0;
}
