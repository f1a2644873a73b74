// From real-valued ranges to the codes of int8 tensors: scale, zero point and bounds. Knows no layer by name.
#pragma once

#include <cstdint>

namespace resnet50 {

// Real-valued range of a tensor, as calibration found it; min <= 0 <= max is made true where it is not.
struct Range {
  float min;
  float max;
};

// real = scale * (code - zero_point), code in [min, max]. Codes are signed, as XNNPACK's qs8 is.
struct TensorQuantization {
  float scale;
  int8_t zero_point;
  int8_t min;
  int8_t max;
  // Bytes hold the code with its top bit turned, -128..127 as 0..255 in the same order: for kernels that read bytes as
  // unsigned.
  bool flipped = false;

  // Between a code and its byte, both ways.
  int8_t Turn(int8_t code) const { return flipped ? int8_t(uint8_t(code) ^ kFlip) : code; }
  static constexpr uint8_t kFlip = 0x80;
};

// How many bits an activation that feeds a convolution has. Seven (codes 0..127) keep i8 x i7 relaxed dot products
// exact on every CPU; eight are finer, and need another form where no instruction multiplies them
// (BestEightBitForm).
enum class ActivationBits : uint8_t { kSeven = 7, kEight = 8 };

// Codes for a tensor of non-negative values (the output of a ReLU).
TensorQuantization QuantizeNonNegative(Range range, ActivationBits bits);

// Codes for a tensor that feeds no convolution (projections that are added, the last block's output, the pooled
// features): always eight bits.
TensorQuantization QuantizeFull(Range range);

}  // namespace resnet50
