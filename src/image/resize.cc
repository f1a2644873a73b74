#include "image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

namespace resnet50 {
namespace {

constexpr int kPrecisionBits = 32 - 8 - 2;  // of a coefficient: 8 bits of pixel and 2 of headroom are left
constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

double Triangle(double x) {
  x = std::fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double Cubic(double x) {
  constexpr double kA = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * kA;
  return 0.0;
}

struct Filter {
  double (*weight)(double);
  double support;
};
Filter FilterFor(Interpolation interpolation) {
  return interpolation == Interpolation::kBicubic ? Filter{Cubic, 2.0} : Filter{Triangle, 1.0};
}

// What each output of one dimension is made of: `count` inputs from `first` on, and their fixed-point weights.
struct Taps {
  struct Span {
    int first, count;
  };
  std::vector<Span> spans;       // by output in the window
  std::vector<int32_t> weights;  // `stride` an output
  int stride;

  const int32_t* of(int output) const { return weights.data() + size_t(output) * size_t(stride); }
};

Taps MakeTaps(int in_size, int out_size, int first_output, int outputs, const Filter& filter) {
  const double scale = double(in_size) / double(out_size);
  const double filter_scale = std::max(scale, 1.0);
  const double support = filter.support * filter_scale;
  Taps taps;
  taps.stride = int(std::ceil(support)) * 2 + 1;
  taps.spans.resize(size_t(outputs));
  taps.weights.resize(size_t(outputs) * size_t(taps.stride));
  std::vector<double> weights(size_t(taps.stride));
  for (int i = 0; i < outputs; ++i) {
    const double center = (double(first_output + i) + 0.5) * scale;
    // Pillow's own truncations, not roundings: they differ below zero.
    // NOLINTBEGIN(bugprone-incorrect-roundings)
    const int first = std::max(0, int(center - support + 0.5));
    const int count = std::min(in_size, int(center + support + 0.5)) - first;
    // NOLINTEND(bugprone-incorrect-roundings)
    double sum = 0.0;
    for (int k = 0; k < count; ++k) {
      weights[size_t(k)] = filter.weight((double(k + first) - center + 0.5) * (1.0 / filter_scale));
      sum += weights[size_t(k)];
    }
    taps.spans[size_t(i)] = {first, count};
    for (int k = 0; k < count; ++k) {
      const double weight = (sum != 0.0 ? weights[size_t(k)] / sum : weights[size_t(k)]) * double(1 << kPrecisionBits);
      taps.weights[size_t(i) * size_t(taps.stride) + size_t(k)] = int32_t(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
  }
  return taps;
}

uint8_t Clip(int32_t sum) { return uint8_t(std::clamp(sum >> kPrecisionBits, 0, 255)); }

// One pixel of the horizontal pass.
inline void MixPixels(const uint8_t* in, const int32_t* weights, int count, uint8_t* out) {
  int32_t sums[kRgb] = {kHalf, kHalf, kHalf};
  for (int k = 0; k < count; ++k, in += kRgb) {
    for (int c = 0; c < kRgb; ++c) sums[c] += in[c] * weights[k];
  }
  for (int c = 0; c < kRgb; ++c) out[c] = Clip(sums[c]);
}

#ifdef __wasm_simd128__
// The same four bytes at a time; the fourth is the next pixel's and is ignored. Reads one byte past the last pixel.
inline void MixPixelsSimd(const uint8_t* in, const int32_t* weights, int count, uint8_t* out) {
  v128_t sum = wasm_i32x4_const_splat(kHalf);
  for (int k = 0; k < count; ++k, in += kRgb) {
    const v128_t pixel = wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(in)));
    sum = wasm_i32x4_add(sum, wasm_i32x4_mul(pixel, wasm_v128_load32_splat(weights + k)));
  }
  sum = wasm_i32x4_shr(sum, kPrecisionBits);
  const v128_t words = wasm_i16x8_narrow_i32x4(sum, sum);
  const uint32_t bytes = uint32_t(wasm_i32x4_extract_lane(wasm_u8x16_narrow_i16x8(words, words), 0));
  std::memcpy(out, &bytes, kRgb);
}
#endif

void HorizontalRow(const uint8_t* in, const Taps& taps, int outputs, [[maybe_unused]] bool last_row, uint8_t* out) {
  for (int x = 0; x < outputs; ++x, out += kRgb) {
    const Taps::Span span = taps.spans[size_t(x)];
    const uint8_t* from = in + size_t(span.first) * kRgb;
#ifdef __wasm_simd128__
    if (!last_row) {
      MixPixelsSimd(from, taps.of(x), span.count, out);
      continue;
    }
#endif
    MixPixels(from, taps.of(x), span.count, out);
  }
}

// One row of the vertical pass: `values` = 3 x width bytes. Written so that compilers vectorise the inner loop.
void VerticalRow(const uint8_t* in, size_t in_stride, const int32_t* weights, int count, size_t values, int32_t* sums,
                 uint8_t* out) {
  std::fill(sums, sums + values, kHalf);
  for (int k = 0; k < count; ++k) {
    const uint8_t* row = in + size_t(k) * in_stride;
    const int32_t weight = weights[k];
    for (size_t i = 0; i < values; ++i) sums[i] += row[i] * weight;
  }
  for (size_t i = 0; i < values; ++i) out[i] = Clip(sums[i]);
}

// Pillow walks its coordinate by repeated addition, rounding errors included.
std::vector<int> NearestIndices(int in_size, int out_size, int first, int outputs) {
  const double step = double(in_size) / double(out_size);
  double position = step * 0.5;
  std::vector<int> indices;
  for (int i = 0; i < first + outputs; ++i, position += step) {
    if (i >= first) indices.push_back(std::min(int(position), in_size - 1));
  }
  return indices;
}

Result<Image> ResizeNearest(const Image& image, int width, int height, const Window& window) {
  Result<Image> out = AllocateImage(window.width, window.height);
  if (!out) return out;
  const std::vector<int> columns = NearestIndices(image.width, width, window.left, window.width);
  const std::vector<int> rows = NearestIndices(image.height, height, window.top, window.height);
  for (int y = 0; y < window.height; ++y) {
    for (int x = 0; x < window.width; ++x) {
      std::memcpy(out->row(y) + size_t(x) * kRgb, image.row(rows[size_t(y)]) + size_t(columns[size_t(x)]) * kRgb, kRgb);
    }
  }
  return out;
}

}  // namespace

Result<Image> Resize(const Image& image, int width, int height, Interpolation interpolation, const Window& window) {
  if (interpolation == Interpolation::kNearest) return ResizeNearest(image, width, height, window);
  const Filter filter = FilterFor(interpolation);
  const Taps vertical = MakeTaps(image.height, height, window.top, window.height, filter);
  const bool keep_rows = height == image.height, keep_columns = width == image.width;
  // Source rows that the window needs.
  int first_row = window.top, end_row = window.top + window.height;
  if (!keep_rows) {
    first_row = vertical.spans.front().first;
    end_row = vertical.spans.back().first + vertical.spans.back().count;
  }
  Result<Image> narrowed = AllocateImage(window.width, end_row - first_row);
  if (!narrowed) return narrowed;
  const Taps horizontal = MakeTaps(image.width, width, window.left, window.width, filter);
  for (int y = first_row; y < end_row; ++y) {
    uint8_t* out = narrowed->row(y - first_row);
    if (keep_columns) {
      std::memcpy(out, image.row(y) + size_t(window.left) * kRgb, size_t(window.width) * kRgb);
    } else {
      HorizontalRow(image.row(y), horizontal, window.width, y == image.height - 1, out);
    }
  }
  if (keep_rows) return narrowed;

  Result<Image> out = AllocateImage(window.width, window.height);
  if (!out) return out;
  const size_t values = size_t(window.width) * kRgb;
  std::vector<int32_t> sums(values);
  for (int y = 0; y < window.height; ++y) {
    const Taps::Span span = vertical.spans[size_t(y)];
    VerticalRow(narrowed->row(span.first - first_row), values, vertical.of(y), span.count, values, sums.data(),
                out->row(y));
  }
  return out;
}

}  // namespace resnet50
