#include "network/quantization.h"

#include <algorithm>
#include <cmath>

namespace resnet50 {
namespace {

// A tensor that is constant zero still needs a valid scale.
constexpr float kSmallestExtent = 1e-6F;

// Spreads [range.min, range.max] over the codes [min, max] so that 0.0 has a code of its own.
TensorQuantization Spread(Range range, int min, int max, float min_scale) {
  const float low = std::min(range.min, 0.0F);
  const float high = std::max(range.max, 0.0F);
  const float extent = std::max(high - low, kSmallestExtent);
  const float scale = std::max(extent / float(max - min), min_scale);
  const float zero = std::nearbyint(float(min) - low / scale);
  return {scale, int8_t(std::clamp(zero, float(min), float(max))), int8_t(min), int8_t(max)};
}

}  // namespace

int8_t Quantize(float value, const TensorQuantization& q) {
  if (std::isnan(value)) return q.zero_point;
  const float code = std::nearbyint(value / q.scale) + float(q.zero_point);
  return int8_t(std::clamp(code, float(q.min), float(q.max)));
}

TensorQuantization QuantizeNonNegative(Range range, ActivationBits bits) {
  return QuantizeSigned({0.0F, range.max}, bits);
}

TensorQuantization QuantizeSigned(Range range, ActivationBits bits) {
  if (bits == ActivationBits::kSeven) return Spread(range, 0, 127, 0.0F);
  return Spread(range, -128, 127, 0.0F);
}

TensorQuantization QuantizeFull(Range range, float min_scale) { return Spread(range, -128, 127, min_scale); }

}  // namespace resnet50
