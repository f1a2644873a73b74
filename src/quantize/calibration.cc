#include "quantize/calibration.h"

#include <algorithm>
#include <limits>

namespace resnet50 {

Range NormalizedRange(std::span<const float> mean, std::span<const float> std) {
  Range range{std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()};
  for (size_t c = 0; c < mean.size(); ++c) {
    range.min = std::min(range.min, (0.0F - mean[c]) / std[c]);
    range.max = std::max(range.max, (1.0F - mean[c]) / std[c]);
  }
  return range;
}

}  // namespace resnet50
