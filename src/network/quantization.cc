#include "network/quantization.h"

#include <algorithm>
#include <cmath>

namespace resnet50 {
namespace {

// A tensor that is constant zero still needs a valid scale.
constexpr float kSmallestExtent = 1e-6F;

// Spreads [range.min, range.max] over the codes [min, max] so that 0.0 has a code of its own.
TensorQuantization Spread(Range range, int min, int max) {
  const float low = std::min(range.min, 0.0F);
  const float high = std::max(range.max, 0.0F);
  const float scale = std::max(high - low, kSmallestExtent) / float(max - min);
  const float zero = std::nearbyint(float(min) - low / scale);
  return {scale, int8_t(std::clamp(zero, float(min), float(max))), int8_t(min), int8_t(max)};
}

}  // namespace

TensorQuantization QuantizeNonNegative(Range range, ActivationBits bits) {
  const Range positive{0.0F, range.max};
  return bits == ActivationBits::kSeven ? Spread(positive, 0, 127) : Spread(positive, -128, 127);
}

TensorQuantization QuantizeFull(Range range) { return Spread(range, -128, 127); }

}  // namespace resnet50
