#include "training/items.h"

#include <numeric>
#include <string>
#include <utility>

#include "tensor/error.h"
#include "training/random_seed.h"

namespace audioldm {
namespace {

// Uniform in 0 … bound − 1: numbers that would favour the small ones are drawn again.
uint64_t Below(uint64_t bound, uint64_t& state) {
  const uint64_t incomplete = -bound % bound;
  uint64_t bits = SplitMix64(state);
  while (bits < incomplete) bits = SplitMix64(state);
  return bits % bound;
}

// Fisher and Yates' shuffle, from the end.
std::vector<int64_t> Permutation(uint64_t seed, int64_t items) {
  std::vector<int64_t> order(static_cast<size_t>(items));
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[Below(i, seed)]);
  return order;
}

}  // namespace

std::vector<int64_t> ItemsOf(uint64_t seed, int64_t step, int64_t per_step, int64_t items) {
  constexpr int64_t kMaxItems = int64_t{1} << 31;  // of a data set, and of a step
  int64_t position = 0;
  if (items < 1 || items > kMaxItems || per_step < 0 || per_step > kMaxItems || step < 0 ||
      __builtin_mul_overflow(step, per_step, &position)) {
    throw Error(ErrorCode::kEngineFailed, "Step " + std::to_string(step) + " cannot take " +
                                              std::to_string(per_step) + " of " +
                                              std::to_string(items) + " items.");
  }
  int64_t epoch = position / items;
  int64_t offset = position % items;
  std::vector<int64_t> taken;
  taken.reserve(static_cast<size_t>(per_step));
  while (static_cast<int64_t>(taken.size()) < per_step) {
    const std::vector<int64_t> order =
        Permutation(SeedOf(seed, RandomStream::kEpoch, static_cast<uint64_t>(epoch)), items);
    while (offset < items && static_cast<int64_t>(taken.size()) < per_step) {
      taken.push_back(order[static_cast<size_t>(offset++)]);
    }
    ++epoch;
    offset = 0;
  }
  return taken;
}

}  // namespace audioldm
