#include "network/input_layout.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace resnet50 {
namespace {

constexpr size_t kPixelChannels = 6;  // the first halves of R, G, B, then the second

}  // namespace

InputQuantization QuantizeInput(Range range) {
  const float low = std::min(range.min, 0.0F), high = std::max(range.max, 0.0F);
  // Two codes are kept back for making the zero point even.
  const float scale = std::max(high - low, 1e-6F) / float(kMaxInputCode - 2);
  const int zero_point = int(std::ceil(-low / scale / 2.0F)) * 2;
  return {scale, std::clamp(zero_point, 0, kMaxInputCode)};
}

uint8_t QuantizeInputValue(float value, const InputQuantization& q) {
  if (std::isnan(value)) return uint8_t(q.zero_point);
  const float code = std::nearbyint(value / q.scale) + float(q.zero_point);
  return uint8_t(std::clamp(code, 0.0F, float(kMaxInputCode)));
}

size_t PairsOf(size_t width) { return (width + 1) / 2; }

size_t PairedRowBytes(size_t width) { return (kLeftPairs + PairsOf(width) + kRightPairs) * kPairChannels; }

size_t PairedInputBytes(int n, int height, int width) {
  return size_t(n) * size_t(height) * PairedRowBytes(size_t(width));
}

std::vector<int8_t> PairStemWeights(const Layer& stem, std::span<const int8_t> ohwi) {
  const size_t rows = size_t(stem.out_channels) * size_t(stem.kernel);
  constexpr size_t columns = kRunPairs * 2;  // of single pixels
  std::vector<int8_t> weights(rows * columns * kPixelChannels);
  for (size_t row = 0; row < rows; ++row) {
    // The window begins one pixel further left than the 7x7 one: that column's weights stay zero.
    for (size_t x = 1; x < columns; ++x) {
      const int8_t* from = ohwi.data() + (row * size_t(stem.kernel) + x - 1) * kInputChannels;
      int8_t* to = weights.data() + (row * columns + x) * kPixelChannels;
      std::memcpy(to, from, kInputChannels);
      std::memcpy(to + kInputChannels, from, kInputChannels);
    }
  }
  return weights;
}

void WritePairs(std::span<const uint8_t> codes, int height, int width, int zero_point, int8_t* out) {
  const uint8_t* code = codes.data();
  const auto pad = [&](size_t bytes) {
    std::memset(out, zero_point / 2, bytes);
    out += bytes;
  };
  for (int y = 0; y < height; ++y) {
    pad(kLeftPairs * kPairChannels);
    for (int x = 0; x < width; ++x, code += kInputChannels, out += kPixelChannels) {
      for (size_t c = 0; c < kInputChannels; ++c) {
        const int half = code[c] / 2;
        out[c] = int8_t(half);
        out[c + kInputChannels] = int8_t(code[c] - half);
      }
    }
    if (width % 2 != 0) pad(kPixelChannels);
    pad(kRightPairs * kPairChannels);
  }
}

}  // namespace resnet50
