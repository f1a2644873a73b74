// The range of normalized images, which follows from mean and standard deviation alone.
#pragma once

#include <span>

#include "network/quantization.h"

namespace resnet50 {

// The range of (v - mean) / std over v in [0, 1] and the three channels.
Range NormalizedRange(std::span<const float> mean, std::span<const float> std);

}  // namespace resnet50
