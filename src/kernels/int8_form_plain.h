// The form of plain SIMD, over widened activations (int8_entry_widened.h): two channels per dot product, spread by the
// load. Exact for activations of all eight bits.
#pragma once

#include "kernels/int8_entry_widened.h"
#include "kernels/int8_form_simd.h"

namespace resnet50::kernels {

// Five rows: products need a register before they are added.
struct PlainForm : SimdBase {
  static constexpr resnet50_int8_layout kLayout = resnet50_int8_by_pair;
  static constexpr size_t kTall = 5;

  // Reads up to seven bytes past the end, and writes as many values.
  static void Widen(const int8_t* in, size_t channels, int16_t* out) {
    for (size_t k = 0; k < channels; k += 8) wasm_v128_store(out + k, wasm_i16x8_load8x8(in + k));
  }

  template <size_t kRows>
  [[gnu::always_inline]] static const int8_t* Accumulate(Accumulators<kRows>& acc, const int16_t* rows, size_t depth,
                                                         const int8_t* w) {
    const int16_t* p[kRows];
    Unroll<kRows>([&](auto r) { p[r] = rows + r * kWideStride; });
    // Two channels of eight outputs a turn. (More in a turn were slower in JavaScriptCore, and no faster in V8.)
    for (const int8_t* const end = w + depth * kTileColumns; w != end; w += kStepBytes / 2) {
      const v128_t w0 = wasm_i16x8_load8x8(w), w1 = wasm_i16x8_load8x8(w + 8);
      Unroll<kRows>([&](auto r) {
        const v128_t x = TakeSplat(p[r]);
        auto& [a, b] = acc.sums[r];
        a = wasm_i32x4_add(a, wasm_i32x4_dot_i16x8(w0, x)), Pin(a);
        b = wasm_i32x4_add(b, wasm_i32x4_dot_i16x8(w1, x)), Pin(b);
      });
    }
    return w;
  }
};

}  // namespace resnet50::kernels
