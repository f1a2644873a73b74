// 8-bit pixels -> the network's input: normalized floats, or codes of an int8 tensor, in one pass over a table of 256
// entries a channel. Arithmetic as torchvision's: to_tensor (divide by 255), then Normalize, all in float32.
#pragma once

#include <cstdint>
#include <span>

#include "image/image.h"
#include "image/transform.h"

namespace resnet50 {

// ((p / 255) - mean) / std, NHWC. `out` has 3 values a pixel.
void NormalizeToFloat(const Image& image, const Transforms& transforms, std::span<float> out);

// code = clamp(round half to even(value / scale) + zero_point, min, max).
struct CodeRule {
  float scale;
  int zero_point, min, max;
};

// The codes of what NormalizeToFloat gives, NHWC, 3 a pixel. Rules are within 0..255.
void NormalizeToCodes(const Image& image, const Transforms& transforms, const CodeRule& rule, std::span<uint8_t> out);

}  // namespace resnet50
