// The forms on relaxed dot products. Both are exact by the specification for activations of seven bits.
#pragma once

#ifdef __wasm_relaxed_simd__

#include "kernels/int8_form_simd.h"

namespace resnet50::kernels {

// i32x4.relaxed_dot: one instruction with AVX-VNNI (vpdpbusd) and on Arm (sdot).
//
// Why 6 x 8: 12 accumulators, 2 weight vectors and 1 activation vector are the 15 vector registers that V8 has on x86.
// Four steps per turn of the loop, with a way out after each: neither LLVM nor wasm-opt moves a product over a branch,
// so the sums stay in registers. (Steps without branches between them were sorted by LLVM, and V8 spilled.)
struct RelaxedI32Form : SimdBase {
  static constexpr resnet50_int8_layout kLayout = resnet50_int8_by_output;
  static constexpr size_t kTall = 6;

  template <size_t kRows>
  [[gnu::always_inline]] static const int8_t* Accumulate(Accumulators<kRows>& acc, const int8_t* const (&rows)[kRows],
                                                         size_t channels, const int8_t* w) {
    const int8_t* p[kRows];
    Unroll<kRows>([&](auto r) { p[r] = rows[r]; });
    const int8_t* const end = w + RoundUpDepth(channels) * kTileColumns;
    // Adds step u of a turn; whether it was the last.
    const auto step = [&](size_t u) __attribute__((always_inline)) {
      const v128_t w0 = wasm_v128_load(w + u * kStepBytes), w1 = wasm_v128_load(w + u * kStepBytes + 16);
      Unroll<kRows>([&](auto r) {
        const v128_t x = wasm_v128_load32_splat(p[r] + u * kTileDepth);
        auto& [a, b] = acc.sums[r];
        a = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w0, x, a), Pin(a);
        b = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w1, x, b), Pin(b);
      });
      return w + (u + 1) * kStepBytes == end;
    };
    // Low tiles are for what is left over: not worth the code.
    constexpr size_t kSteps = kRows < kTall - 1 ? 1 : 4;
    while (!AnyOf<kSteps>(step)) {
      w += kSteps * kStepBytes;
      Unroll<kRows>([&](auto r) { p[r] += kSteps * kTileDepth; });
    }
    return end;
  }
};

// x86 without AVX-VNNI, where the i32 form is lowered badly: vpmaddubsw, two steps of which are summed in int16
// (vpaddw) before they are widened (vpmaddwd by ones, vpaddd). Panels hold no weights for which that sum might leave
// int16. Three rows: more would spill, as temporaries and ones need registers too.
struct RelaxedI16Form : SimdBase {
  static constexpr int16_t kOne = 1;
  static constexpr resnet50_int8_layout kLayout = resnet50_int8_with_spill;
  static constexpr size_t kTall = 3;

  template <size_t kRows>
  [[gnu::always_inline]] static const int8_t* Accumulate(Accumulators<kRows>& acc, const int8_t* const (&rows)[kRows],
                                                         size_t channels, const int8_t* w) {
    const v128_t ones = LoadedSplat(kOne);
    const int8_t* p[kRows];
    Unroll<kRows>([&](auto r) { p[r] = rows[r]; });
    const size_t steps = RoundUpDepth(channels) / kTileDepth;
    const int8_t* const end = w + steps * kStepBytes;
    const int8_t* const pairs_end = w + steps / 2 * 2 * kStepBytes;
    // Adds pair u of a turn; whether it was the last.
    const auto pair = [&](size_t u) __attribute__((always_inline)) {
      AddPair<kRows>(acc, p, u * 2 * kTileDepth, w + u * 2 * kStepBytes, ones);
      return w + (u + 1) * 2 * kStepBytes == pairs_end;
    };
    constexpr size_t kPairs = kRows < kTall - 1 ? 1 : 2;
    while (w != pairs_end && !AnyOf<kPairs>(pair)) {
      w += kPairs * 2 * kStepBytes;
      Unroll<kRows>([&](auto r) { p[r] += kPairs * 2 * kTileDepth; });
    }
    if (steps % 2 != 0) AddStep<kRows>(acc, rows, steps - 1, end - kStepBytes, ones);
    return end;
  }

 private:
  template <size_t kRows>
  [[gnu::always_inline]] static void AddPair(Accumulators<kRows>& acc, const int8_t* const (&p)[kRows], size_t at,
                                             const int8_t* w, v128_t ones) {
    const v128_t first0 = wasm_v128_load(w), first1 = wasm_v128_load(w + 16);
    const v128_t second0 = wasm_v128_load(w + 32), second1 = wasm_v128_load(w + 48);
    Unroll<kRows>([&](auto r) {
      const v128_t x = wasm_v128_load32_splat(p[r] + at), y = wasm_v128_load32_splat(p[r] + at + kTileDepth);
      AddSum(acc.sums[r][0], Sum(first0, x, second0, y), ones);
      AddSum(acc.sums[r][1], Sum(first1, x, second1, y), ones);
    });
  }

  template <size_t kRows>
  [[gnu::always_inline]] static void AddStep(Accumulators<kRows>& acc, const int8_t* const (&p)[kRows], size_t step,
                                             const int8_t* w, v128_t ones) {
    const v128_t w0 = wasm_v128_load(w), w1 = wasm_v128_load(w + 16);
    Unroll<kRows>([&](auto r) {
      const v128_t x = wasm_v128_load32_splat(p[r] + step * kTileDepth);
      AddSum(acc.sums[r][0], wasm_i16x8_relaxed_dot_i8x16_i7x16(w0, x), ones);
      AddSum(acc.sums[r][1], wasm_i16x8_relaxed_dot_i8x16_i7x16(w1, x), ones);
    });
  }

  [[gnu::always_inline]] static v128_t Sum(v128_t a, v128_t x, v128_t b, v128_t y) {
    return wasm_i16x8_add(wasm_i16x8_relaxed_dot_i8x16_i7x16(a, x), wasm_i16x8_relaxed_dot_i8x16_i7x16(b, y));
  }

  [[gnu::always_inline]] static void AddSum(v128_t& sum, v128_t lanes, v128_t ones) {
    sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(ones, lanes));
    Pin(sum);
  }
};

}  // namespace resnet50::kernels

#endif  // __wasm_relaxed_simd__
