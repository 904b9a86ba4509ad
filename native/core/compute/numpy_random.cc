#include "compute/numpy_random.h"

#include <bit>
#include <numeric>
#include <utility>

namespace audioldm {

std::vector<int64_t> NumpyRandom::Permutation(int64_t count) {
  std::vector<int64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  for (int64_t i = count - 1; i > 0; --i) {
    std::swap(numbers[i], numbers[UpTo(static_cast<uint32_t>(i))]);
  }
  return numbers;
}

std::vector<int64_t> NumpyRandom::Integers(int64_t count, int64_t size) {
  std::vector<int64_t> numbers(size);
  for (int64_t& number : numbers) number = UpTo(static_cast<uint32_t>(count - 1));
  return numbers;
}

uint32_t NumpyRandom::UpTo(uint32_t max) {
  if (max == 0) return 0;
  const uint32_t mask = ~uint32_t{0} >> std::countl_zero(max);
  uint32_t value = 0;
  do {
    value = static_cast<uint32_t>(generator_()) & mask;
  } while (value > max);
  return value;
}

}  // namespace audioldm
