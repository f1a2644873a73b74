#include "image/normalize.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace resnet50 {
namespace {

using ValueTable = std::array<std::array<float, 256>, kRgb>;

ValueTable MakeTable(const Transforms& transforms) {
  ValueTable table;
  for (size_t c = 0; c < kRgb; ++c) {
    for (size_t p = 0; p < 256; ++p) table[c][p] = (float(p) / 255.0F - transforms.mean[c]) / transforms.std[c];
  }
  return table;
}

}  // namespace

void NormalizeToFloat(const Image& image, const Transforms& transforms, std::span<float> out) {
  const ValueTable table = MakeTable(transforms);
  const uint8_t* pixel = image.pixels.data();
  for (size_t i = 0; i + kRgb <= out.size(); i += kRgb, pixel += kRgb) {
    for (size_t c = 0; c < kRgb; ++c) out[i + c] = table[c][pixel[c]];
  }
}

void NormalizeToCodes(const Image& image, const Transforms& transforms, const CodeRule& rule, std::span<uint8_t> out) {
  const ValueTable values = MakeTable(transforms);
  std::array<std::array<uint8_t, 256>, kRgb> codes;
  for (size_t c = 0; c < kRgb; ++c) {
    for (size_t p = 0; p < 256; ++p) {
      const float code = std::nearbyint(values[c][p] / rule.scale) + float(rule.zero_point);
      codes[c][p] = uint8_t(std::clamp(code, float(rule.min), float(rule.max)));
    }
  }
  const uint8_t* pixel = image.pixels.data();
  for (size_t i = 0; i + kRgb <= out.size(); i += kRgb, pixel += kRgb) {
    for (size_t c = 0; c < kRgb; ++c) out[i + c] = codes[c][pixel[c]];
  }
}

}  // namespace resnet50
