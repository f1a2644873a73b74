// How far an activation tensor's codes should reach: a little less than the largest value costs a few clipped values
// and makes every other one finer. Knows numbers only.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace resnet50 {

enum class RangeMethod : uint8_t {
  kExtremes,    // the largest value that was seen
  kPercentile,  // the value that 0.01 % of all exceed
  kSquares,     // the least mean squared error of clipping and rounding together
};

// Photos reach further than generated pictures: what is found on these by least squares is widened by so much. Their
// pooled features more: a photo is often full of one thing, a generated picture never is.
inline constexpr float kGeneratedMargin = 1.4F;
inline constexpr float kGeneratedPooledMargin = 2.5F;

// A histogram of non-negative values, each with a weight.
class RangeSearch {
 public:
  // `largest` > 0 is the end of the last bin.
  explicit RangeSearch(float largest);
  // Values of one pixel; `weights`: how much an error in each channel matters.
  void Add(std::span<const float> values, std::span<const float> weights);
  // The largest value that is to have a code of its own, for codes 0..`codes`.
  float Find(RangeMethod method, int codes) const;
  // The weighted squared error of coding everything with codes 0..codes over [0, reach].
  double Error(double reach, int codes) const;

 private:
  float largest_;
  std::vector<double> bins_;    // weights
  std::vector<double> counts_;  // values
};

}  // namespace resnet50
