#include "diffusion/timesteps.h"

#include <algorithm>
#include <cmath>

namespace audioldm {
namespace {

// `count` timesteps from 0 upwards.
std::vector<double> Leading(int64_t train, int64_t count, int64_t offset) {
  // The ratio is 0 only for DPM-Solver with as many steps as training timesteps, where diffusers
  // visits one timestep over and over; here every timestep is visited.
  const int64_t ratio = std::max<int64_t>(1, train / count);
  std::vector<double> values(count);
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<double>(i * ratio + offset);
  return values;
}

// numpy.linspace(0, train − 1, count).
std::vector<double> Linspace(int64_t train, int64_t count, bool round) {
  const double last = static_cast<double>(train - 1);
  const double step = count > 1 ? last / static_cast<double>(count - 1) : last;
  std::vector<double> values(count);
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<double>(i) * step;
  if (count > 1) values.back() = last;
  if (round) {
    for (double& value : values) value = std::nearbyint(value);
  }
  return values;
}

// round(numpy.arange(train, 0, −train / steps)) − 1, noisiest first. For some step counts arange
// yields one more, near zero, which would be timestep −1; it is left out.
std::vector<double> Trailing(int64_t train, int64_t steps) {
  const double start = static_cast<double>(train);
  const double delta = (start - start / static_cast<double>(steps)) - start;
  std::vector<double> values(steps);
  for (int64_t i = 0; i < steps; ++i) {
    values[i] = std::nearbyint(start + static_cast<double>(i) * delta) - 1;
  }
  return values;
}

}  // namespace

std::vector<double> Timesteps(TimestepSpacing spacing, int64_t train, int64_t steps, int64_t offset,
                              bool round) {
  if (spacing == TimestepSpacing::kTrailing) return Trailing(train, steps);
  std::vector<double> values = spacing == TimestepSpacing::kLeading ? Leading(train, steps, offset)
                                                                    : Linspace(train, steps, round);
  std::reverse(values.begin(), values.end());
  return values;
}

std::vector<double> TimestepsWithoutLast(TimestepSpacing spacing, int64_t train, int64_t steps,
                                         int64_t offset) {
  if (spacing == TimestepSpacing::kTrailing) return Trailing(train, steps);
  std::vector<double> values = Timesteps(spacing, train, steps + 1, offset, true);
  values.pop_back();
  return values;
}

}  // namespace audioldm
