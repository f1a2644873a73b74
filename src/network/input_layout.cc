#include "network/input_layout.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace resnet50 {
namespace {

constexpr size_t kRowPiece = 64;  // pixels quantized at a time

}  // namespace

InputQuantization QuantizeInput(Range range) {
  const float low = std::min(range.min, 0.0F), high = std::max(range.max, 0.0F);
  // Two codes are kept back for making the zero point even.
  const float scale = std::max(high - low, 1e-6F) / float(kMaxInputCode - 2);
  const int zero_point = int(std::ceil(-low / scale / 2.0F)) * 2;
  return {scale, std::clamp(zero_point, 0, kMaxInputCode)};
}

uint8_t QuantizeInputValue(float value, const InputQuantization& q) {
  const float code = std::nearbyint(value / q.scale) + float(q.zero_point);
  const float number =
      std::isnan(value) ? float(q.zero_point) : code;  // a choice, not a branch: loops over it vectorize
  return uint8_t(int32_t(std::clamp(number, 0.0F, float(kMaxInputCode))));
}

size_t StemWidth(size_t width) { return (width + 1) / 2; }

size_t InputRowBytes(size_t width) { return (width + 2 * kSidePixels) * kInputChannels; }

size_t InputBytes(size_t n, size_t height, size_t width) { return n * height * InputRowBytes(width); }

uint8_t CodeOffset(bool unsigned_bytes) { return unsigned_bytes ? 0 : 128; }

namespace {

// The padding of a row; what lies between is the caller's.
void PadRow(size_t width, int zero_point, uint8_t offset, int8_t* row) {
  constexpr size_t kSide = kSidePixels * kInputChannels;
  const int byte = uint8_t(zero_point + offset);
  std::memset(row, byte, kSide);
  std::memset(row + kSide + width * kInputChannels, byte, kSide);
}

}  // namespace

void WriteInputRow(const uint8_t* codes, size_t width, int zero_point, uint8_t offset, int8_t* out) {
  PadRow(width, zero_point, offset, out);
  out += kSidePixels * kInputChannels;
  for (size_t i = 0; i < width * kInputChannels; ++i) out[i] = int8_t(uint8_t(codes[i] + offset));
}

void WriteInputRow(const float* const (&planes)[kInputChannels], size_t width, const InputQuantization& q,
                   uint8_t offset, int8_t* out) {
  PadRow(width, q.zero_point, offset, out);
  out += kSidePixels * kInputChannels;
  uint8_t codes[kInputChannels][kRowPiece];
  for (size_t x = 0; x < width; x += kRowPiece) {
    const size_t count = std::min(kRowPiece, width - x);
    for (size_t c = 0; c < kInputChannels; ++c) {
      for (size_t i = 0; i < count; ++i) codes[c][i] = uint8_t(QuantizeInputValue(planes[c][x + i], q) + offset);
    }
    for (size_t i = 0; i < count; ++i) {
      for (size_t c = 0; c < kInputChannels; ++c) *out++ = int8_t(codes[c][i]);
    }
  }
}

}  // namespace resnet50
