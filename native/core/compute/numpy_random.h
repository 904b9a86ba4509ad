#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace audioldm {

// The draws of numpy.random.RandomState(seed) that metrics are defined by: MT19937 seeded by one
// number, and whole numbers below a bound from the low bits of its 32-bit outputs, drawn again
// while they are above it (NumPy, numpy/random/mtrand.pyx and src/distributions/distributions.c;
// frozen by NumPy's compatibility policy, NEP 19).
class NumpyRandom {
 public:
  explicit NumpyRandom(uint32_t seed) : generator_(seed) {}

  // permutation(count): 0 … count − 1 shuffled from the end. choice(count, size, replace=False) is
  // its first `size` numbers.
  std::vector<int64_t> Permutation(int64_t count);

  // randint(0, count, size), and so choice(count, size, replace=True). 0 < count ≤ 2³².
  std::vector<int64_t> Integers(int64_t count, int64_t size);

 private:
  // Uniform in 0 … max; draws nothing when max is 0.
  uint32_t UpTo(uint32_t max);

  std::mt19937 generator_;
};

}  // namespace audioldm
