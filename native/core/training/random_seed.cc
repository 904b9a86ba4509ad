#include "training/random_seed.h"

namespace audioldm {

uint64_t SplitMix64(uint64_t& state) {
  state += 0x9E3779B97F4A7C15;
  uint64_t bits = state;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

uint64_t SeedOf(uint64_t seed, RandomStream stream, uint64_t number) {
  uint64_t state = seed;
  state = SplitMix64(state) + static_cast<uint64_t>(stream);
  state = SplitMix64(state) + number;
  return SplitMix64(state);
}

}  // namespace audioldm
