#include "kernels/int8_packing.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#include <algorithm>
#include <cstring>
#include <numeric>

#include "kernels/int8_tile.h"

namespace resnet50::kernels {
namespace {

// One tap of up to 8 rows, `channels` rounded up to whole steps; what is missing is zero.
int8_t* PackTap(const int8_t* weights, size_t row_bytes, size_t rows, size_t channels, int8_t* out) {
  for (size_t k = 0; k < channels; k += kTileDepth) {
    const size_t depth = std::min(kTileDepth, channels - k);
    std::memset(out, 0, kStepBytes);
    for (size_t r = 0; r < rows; ++r) std::memcpy(out + r * kTileDepth, weights + r * row_bytes + k, depth);
    out += kStepBytes;
  }
  return out;
}

#ifdef __wasm_simd128__
// Four rows of four steps, turned: a step's 16 bytes lie at a distance of kStepBytes.
void TurnFour(const int8_t* weights, size_t row_bytes, int8_t* out) {
  v128_t row[4];
  Unroll<4>([&](auto r) { row[r] = wasm_v128_load(weights + r * row_bytes); });
  const v128_t a = wasm_i32x4_shuffle(row[0], row[1], 0, 4, 1, 5), b = wasm_i32x4_shuffle(row[2], row[3], 0, 4, 1, 5);
  const v128_t c = wasm_i32x4_shuffle(row[0], row[1], 2, 6, 3, 7), d = wasm_i32x4_shuffle(row[2], row[3], 2, 6, 3, 7);
  wasm_v128_store(out, wasm_i64x2_shuffle(a, b, 0, 2));
  wasm_v128_store(out + kStepBytes, wasm_i64x2_shuffle(a, b, 1, 3));
  wasm_v128_store(out + 2 * kStepBytes, wasm_i64x2_shuffle(c, d, 0, 2));
  wasm_v128_store(out + 3 * kStepBytes, wasm_i64x2_shuffle(c, d, 1, 3));
}

// Whole panels whose channels are a multiple of 16: taps follow each other without gaps.
int8_t* PackPanel(const int8_t* weights, size_t row_bytes, int8_t* out) {
  for (size_t k = 0; k < row_bytes; k += 16, out += 4 * kStepBytes) {
    TurnFour(weights + k, row_bytes, out);
    TurnFour(weights + 4 * row_bytes + k, row_bytes, out + 16);
  }
  return out;
}
#endif

}  // namespace
}  // namespace resnet50::kernels

void resnet50_int8_pack(size_t outputs, size_t taps, size_t channels, const int8_t* weights, const int32_t* bias,
                        int32_t input_zero_point, size_t panel_tail, void* packed) {
  using namespace resnet50::kernels;
  const size_t row_bytes = taps * channels;
  auto* out = static_cast<int8_t*>(packed);
  for (size_t n = 0; n < outputs; n += kTileColumns, weights += kTileColumns * row_bytes) {
    const size_t rows = std::min(kTileColumns, outputs - n);
    int32_t biases[kTileColumns] = {};
    for (size_t r = 0; r < rows; ++r) {
      const int8_t* row = weights + r * row_bytes;
      const int32_t sum = input_zero_point == 0 ? 0 : std::accumulate(row, row + row_bytes, int32_t{0});
      // Wraps as the accumulators do.
      biases[r] = int32_t(uint32_t(bias == nullptr ? 0 : bias[n + r]) - uint32_t(sum) * uint32_t(input_zero_point));
    }
    std::memcpy(out, biases, kBiasBytes);
    out += kBiasBytes;
#ifdef __wasm_simd128__
    if (rows == kTileColumns && channels % 16 == 0) {
      out = PackPanel(weights, row_bytes, out) + panel_tail;
      continue;
    }
#endif
    for (size_t t = 0; t < taps; ++t) out = PackTap(weights + t * channels, row_bytes, rows, channels, out);
    out += panel_tail;
  }
}
