#include "kernels/int8_packing.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <numeric>

#include "base/check.h"
#include "kernels/int8_spill.h"
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

// From by output to by pair, in place.
void PairStep(int8_t* step) {
#ifdef __wasm_simd128__
  const v128_t low = wasm_v128_load(step), high = wasm_v128_load(step + 16);
  wasm_v128_store(step, wasm_i16x8_shuffle(low, high, 0, 2, 4, 6, 8, 10, 12, 14));
  wasm_v128_store(step + 16, wasm_i16x8_shuffle(low, high, 1, 3, 5, 7, 9, 11, 13, 15));
#else
  int8_t paired[kStepBytes];
  for (size_t i = 0; i < kStepBytes / 2; ++i) {  // i-th pair of channels, by output
    std::memcpy(paired + (i % 2 * kTileColumns + i / 2) * 2, step + 2 * i, 2);
  }
  std::memcpy(step, paired, kStepBytes);
#endif
}

// Whether a lane of two channels may leave int16 when the products of both steps are summed in it.
bool MayOverflow(const int8_t* first, const int8_t* second) {
  int positive = 0, negative = 0;
  for (const int w : {int(first[0]), int(first[1]), int(second[0]), int(second[1])}) (w > 0 ? positive : negative) += w;
  return std::max(positive, -negative) > RESNET50_INT8_LANE_LIMIT;
}

#ifdef __wasm_simd128__
// Whether MayOverflow is true of any lane of two steps.
bool AnyOverflow(const int8_t* first, const int8_t* second) {
  const v128_t zero = wasm_i8x16_const_splat(0);
  v128_t any = zero;
  for (size_t half = 0; half < kStepBytes; half += 16) {
    const v128_t a = wasm_v128_load(first + half), b = wasm_v128_load(second + half);
    const v128_t positive = wasm_i16x8_add(wasm_i16x8_extadd_pairwise_i8x16(wasm_i8x16_max(a, zero)),
                                           wasm_i16x8_extadd_pairwise_i8x16(wasm_i8x16_max(b, zero)));
    const v128_t negative = wasm_i16x8_add(wasm_i16x8_extadd_pairwise_i8x16(wasm_i8x16_min(a, zero)),
                                           wasm_i16x8_extadd_pairwise_i8x16(wasm_i8x16_min(b, zero)));
    any = wasm_v128_or(any, wasm_i16x8_gt(positive, wasm_i16x8_const_splat(RESNET50_INT8_LANE_LIMIT)));
    any = wasm_v128_or(any, wasm_i16x8_lt(negative, wasm_i16x8_const_splat(-RESNET50_INT8_LANE_LIMIT)));
  }
  return wasm_v128_any_true(any);
}
#else
bool AnyOverflow(const int8_t*, const int8_t*) { return true; }  // lane by lane, then
#endif

// Moves out of the second of two steps what may overflow; whether there was any.
bool SpillStep(const int8_t* first, int8_t* second, int8_t* spilled) {
  if (!AnyOverflow(first, second)) return false;
  bool any = false;
  for (size_t lane = 0; lane < kStepBytes; lane += 2) {
    if (!MayOverflow(first + lane, second + lane)) continue;
    if (!any) std::memset(spilled, 0, kStepBytes);
    any = true;
    std::memcpy(spilled + lane, second + lane, 2);
    std::memset(second + lane, 0, 2);
  }
  return any;
}

void SpillPanel(int8_t* steps, size_t taps, size_t channels, resnet50_int8_spill& spill) {
  for (size_t tap = 0; tap < taps; ++tap, steps += RoundUpDepth(channels) * kTileColumns) {
    for (size_t k = kTileDepth; k < channels; k += 2 * kTileDepth) {
      int8_t* second = steps + k * kTileColumns;
      resnet50_int8_spilled out{uint16_t(tap), uint16_t(k), {}};
      if (SpillStep(second - kStepBytes, second, out.weights)) spill.steps.push_back(out);
    }
  }
  spill.first.push_back(uint32_t(spill.steps.size()));
}

// All steps of a panel, by output; returns their end.
int8_t* PackSteps(const int8_t* weights, size_t rows, size_t taps, size_t channels, int8_t* out) {
  const size_t row_bytes = taps * channels;
#ifdef __wasm_simd128__
  if (rows == kTileColumns && channels % 16 == 0) return PackPanel(weights, row_bytes, out);
#endif
  for (size_t t = 0; t < taps; ++t) out = PackTap(weights + t * channels, row_bytes, rows, channels, out);
  return out;
}

}  // namespace
}  // namespace resnet50::kernels

void resnet50_int8_pack(enum resnet50_int8_layout layout, size_t outputs, size_t taps, size_t channels,
                        const int8_t* weights, const int32_t* bias, int32_t input_zero_point, size_t panel_tail,
                        void* packed, struct resnet50_int8_spill* spill) {
  using namespace resnet50::kernels;
  RESNET50_CHECK((layout == resnet50_int8_with_spill) == (spill != nullptr));
  if (spill != nullptr) *spill = {{}, {0}};
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
    int8_t* const steps = out + kBiasBytes;
    out = PackSteps(weights, rows, taps, channels, steps);
    if (layout == resnet50_int8_by_pair) {
      for (int8_t* step = steps; step != out; step += kStepBytes) PairStep(step);
    }
    if (spill != nullptr) SpillPanel(steps, taps, channels, *spill);
    out += panel_tail;
  }
}
