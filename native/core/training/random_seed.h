#pragma once

#include <cstdint>

namespace audioldm {

// What random numbers are for. Streams of one seed do not repeat each other.
enum class RandomStream : uint64_t {
  kStep = 1,            // number: the step, from 0
  kEpoch = 2,           // the epoch, from 0
  kInitialisation = 3,  // 0: weights from scratch; 1: adapters
  kValidation = 4,      // the item
};

// The next number of the generator splitmix64, whose state it advances: 64 well-mixed bits.
uint64_t SplitMix64(uint64_t& state);

// The seed of one use: splitmix64 run over `seed`, the stream and the number, each added to what
// came out before.
uint64_t SeedOf(uint64_t seed, RandomStream stream, uint64_t number);

}  // namespace audioldm
