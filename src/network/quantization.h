// From real-valued ranges to the codes of int8 tensors: scale, zero point and bounds. Knows no layer by name.
#pragma once

#include <cstdint>

namespace resnet50 {

// Real-valued range of a tensor, as calibration found it; min <= 0 <= max is made true where it is not.
struct Range {
  float min;
  float max;
};

// real = scale * (code - zero_point), code in [min, max]. All int8 of the core is signed, as XNNPACK's qs8 is.
struct TensorQuantization {
  float scale;
  int8_t zero_point;
  int8_t min;
  int8_t max;
};

// The nearest code, halves to even; NaN becomes the zero point.
int8_t Quantize(float value, const TensorQuantization& q);

// How many bits an activation that feeds a convolution has. Seven (codes 0..127) keep i8 x i7 relaxed dot products exact
// on every CPU; eight are a little finer and leave the choice of kernel to XNNPACK's probes.
enum class ActivationBits : uint8_t { kSeven = 7, kEight = 8 };

// Codes for a tensor of non-negative values (the output of a ReLU).
TensorQuantization QuantizeNonNegative(Range range, ActivationBits bits);

// Codes for a tensor of either sign that feeds a convolution (the normalised image).
TensorQuantization QuantizeSigned(Range range, ActivationBits bits);

// Codes for a tensor that feeds no convolution (the operands of a residual addition, the pooled features): always eight
// bits. The scale is at least `min_scale`.
TensorQuantization QuantizeFull(Range range, float min_scale = 0.0F);

}  // namespace resnet50
