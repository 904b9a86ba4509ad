#include "compute/median_distance.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "compute/squared_distances.h"

namespace audioldm {
namespace {

// So many distances are gathered at once: 32 MiB.
constexpr int64_t kMostGathered = int64_t{1} << 22;

// Numbers that are not negative are ordered as their bits are. They are counted by 22, then 21,
// then the last 20 bits below the sign.
struct Digit {
  int shift;
  int bits;
};
constexpr Digit kDigits[] = {{41, 22}, {20, 21}, {0, 20}};

void ForEachDistance(const RowBlocks& rows, const Request& request, auto&& visit) {
  ForEachBlockPair(rows, request,
                   [&](int64_t i, int64_t j, const at::Tensor& x, const at::Tensor& y) {
                     const at::Tensor distances = SquaredDistances(x, y);
                     const double* value = distances.const_data_ptr<double>();
                     for (int64_t row = 0; row < x.size(0); ++row) {
                       // Beside the diagonal all pairs count, in its blocks those above it.
                       for (int64_t column = i == j ? row + 1 : 0; column < y.size(0); ++column) {
                         visit(value[row * y.size(0) + column]);
                       }
                     }
                   });
}

}  // namespace

double MedianSquaredDistance(const RowBlocks& rows, const Request& request) {
  int64_t population = rows.count() * (rows.count() - 1) / 2;
  int64_t rank = (population - 1) / 2;
  uint64_t prefix = 0;  // the bits that the distances of the population share
  int known = 63;       // how many are not known
  for (const auto& [shift, bits] : kDigits) {
    if (population <= kMostGathered) break;
    std::vector<int64_t> counts(size_t{1} << bits);
    ForEachDistance(rows, request, [&](double distance) {
      const uint64_t key = std::bit_cast<uint64_t>(distance);
      if (key >> known == prefix) ++counts[(key >> shift) & (counts.size() - 1)];
    });
    size_t digit = 0;
    while (rank >= counts[digit]) rank -= counts[digit++];
    population = counts[digit];
    prefix = prefix << bits | digit;
    known = shift;
  }
  if (known == 0) return std::bit_cast<double>(prefix);
  std::vector<double> gathered;
  gathered.reserve(population);
  ForEachDistance(rows, request, [&](double distance) {
    if (std::bit_cast<uint64_t>(distance) >> known == prefix) gathered.push_back(distance);
  });
  std::nth_element(gathered.begin(), gathered.begin() + rank, gathered.end());
  return gathered[rank];
}

}  // namespace audioldm
