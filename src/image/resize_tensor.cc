#include "image/resize_tensor.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace resnet50 {
namespace {

constexpr int kMostTaps = 4;

// The inputs of one output in one dimension: clamped indices and their weights.
struct Taps {
  int index[kMostTaps];
  float weight[kMostTaps];
};

float CubicNear(float x) {
  constexpr float kA = -0.75F;
  return ((kA + 2.0F) * x - (kA + 3.0F)) * x * x + 1.0F;
}

float CubicFar(float x) {
  constexpr float kA = -0.75F;
  return ((kA * x - 5.0F * kA) * x + 8.0F * kA) * x - 4.0F * kA;
}

int TapCount(Interpolation interpolation) {
  return interpolation == Interpolation::kNearest ? 1 : interpolation == Interpolation::kBilinear ? 2 : 4;
}

Taps TapsOf(int output, int in_size, float scale, Interpolation interpolation) {
  const int last = in_size - 1;
  if (interpolation == Interpolation::kNearest) return {{std::min(int(float(output) * scale), last)}, {1.0F}};
  float center = scale * (float(output) + 0.5F) - 0.5F;
  const bool cubic = interpolation == Interpolation::kBicubic;
  if (!cubic) center = std::max(center, 0.0F);
  const int base = std::min(int(std::floor(center)), last);
  const float t = std::clamp(center - float(base), 0.0F, 1.0F);
  if (!cubic) return {{base, std::min(base + 1, last)}, {1.0F - t, t}};
  Taps taps{{}, {CubicFar(t + 1.0F), CubicNear(t), CubicNear(1.0F - t), CubicFar(2.0F - t)}};
  for (int k = 0; k < kMostTaps; ++k) taps.index[k] = std::clamp(base + k - 1, 0, last);
  return taps;
}

std::vector<Taps> TapsFor(int first, int count, int in_size, int out_size, Interpolation interpolation) {
  const float scale = float(in_size) / float(out_size);
  std::vector<Taps> taps;
  taps.reserve(size_t(count));
  for (int i = 0; i < count; ++i) taps.push_back(TapsOf(first + i, in_size, scale, interpolation));
  return taps;
}

}  // namespace

Result<Image> ResizeAsTensor(const Image& image, int width, int height, Interpolation interpolation,
                             const Window& window) {
  Result<Image> out = AllocateImage(window.width, window.height);
  if (!out) return out;
  const int count = TapCount(interpolation);
  const std::vector<Taps> columns = TapsFor(window.left, window.width, image.width, width, interpolation);
  const std::vector<Taps> rows = TapsFor(window.top, window.height, image.height, height, interpolation);
  for (int y = 0; y < window.height; ++y) {
    uint8_t* to = out->row(y);
    const Taps& vertical = rows[size_t(y)];
    for (const Taps& horizontal : columns) {
      for (int c = 0; c < kRgb; ++c) {
        float sum = 0.0F;
        for (int j = 0; j < count; ++j) {
          const uint8_t* row = image.row(vertical.index[j]);
          float mix = 0.0F;
          for (int i = 0; i < count; ++i) mix += float(row[horizontal.index[i] * kRgb + c]) * horizontal.weight[i];
          sum += mix * vertical.weight[j];
        }
        *to++ = uint8_t(std::clamp(std::nearbyint(sum), 0.0F, 255.0F));
      }
    }
  }
  return out;
}

}  // namespace resnet50
