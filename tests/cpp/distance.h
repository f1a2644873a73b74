// How far computed values lie from expected ones: what the tests of networks, gradients and shards share.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace resnet50::testing {

// |found - expected| over |expected|, as norms.
inline double Distance(std::span<const float> found, std::span<const float> expected) {
  double squares = 0.0, errors = 0.0;
  for (size_t i = 0; i < expected.size(); ++i) {
    squares += double(expected[i]) * double(expected[i]);
    errors += std::pow(double(found[i]) - double(expected[i]), 2);
  }
  return std::sqrt(errors / squares);
}

}  // namespace resnet50::testing
