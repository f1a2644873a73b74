// What the forms in 128-bit wasm SIMD share: the accumulators of a tile, and the way from them to int8.
#pragma once

#include <wasm_simd128.h>

#include "kernels/int8_kernels.h"
#include "kernels/int8_tile.h"
#include "kernels/simd_order.h"

namespace resnet50::kernels {

// A constant in all lanes, from memory at a place that neither LLVM nor wasm-opt knows: what they know to be constant
// they write wherever it is used, and V8 makes it anew there.
[[gnu::always_inline]] inline v128_t LoadedSplat(const int16_t& value) {
  const int16_t* place = &value;
  __asm__ volatile("" : "+r"(place));
  return wasm_v128_load16_splat(place);
}

struct SimdBase {
  template <size_t kRows>
  struct Accumulators {
    v128_t sums[kRows][2];

    void SetBias(const void* packed) {
      const v128_t low = wasm_v128_load(packed), high = wasm_v128_load(static_cast<const int8_t*>(packed) + 16);
      Unroll<kRows>([&](auto r) { sums[r][0] = low, sums[r][1] = high; });
    }
  };

  // The sums become reals, then int8, stage by stage over all rows: each stage needs two registers or three beside the
  // accumulators, so that V8 spills none. Nothing but loads makes constants, which V8 would keep through the loop.
  template <size_t kRows, Residual kResidual, typename Output>
  [[gnu::always_inline]] static void Finish(Accumulators<kRows>& acc, const int8_t* scales,
                                            const resnet50_int8_epilogue& e, Output& output) {
    KeepOrder();
    Scale<kRows>(acc, scales);
    if constexpr (kResidual == Residual::kAdded) {
      // Tensors are padded behind their end, so that eight bytes may be read even where fewer count.
      AddResidual<kRows>(acc, e, output.place() + e.residual_offset, output.place_stride());
    }
    Store<kRows>(acc, e, output.at(), output.stride());
    output.Done();
  }

 private:
  template <size_t kRows>
  [[gnu::always_inline]] static void Scale(Accumulators<kRows>& acc, const int8_t* scales) {
    const v128_t low = wasm_v128_load(scales), high = wasm_v128_load(scales + 16);
    Unroll<kRows>([&](auto r) {
      auto& [a, b] = acc.sums[r];
      a = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(a), low), Pin(a);
      b = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(b), high), Pin(b);
    });
  }

  template <size_t kRows>
  [[gnu::always_inline]] static void AddResidual(Accumulators<kRows>& acc, const resnet50_int8_epilogue& e,
                                                 const int8_t* from, size_t stride) {
    const v128_t ratio = wasm_v128_load32_splat(&e.residual_scale);
    const v128_t zero_point = wasm_v128_load16_splat(&e.residual_zero_point);
    Unroll<kRows>([&](auto r) {
      auto& [a, b] = acc.sums[r];
      // The mask is loaded for each row: kept, it would be one register too many.
      const v128_t residual =
          wasm_i16x8_sub(wasm_v128_and(wasm_i16x8_load8x8(from), LoadedSplat(e.residual_mask)), zero_point);
      a = wasm_f32x4_add(a, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(residual)), ratio));
      Pin(a);
      b = wasm_f32x4_add(b, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(residual)), ratio));
      Pin(b);
      from += stride;
    });
  }

  // A real plus the magic number has the nearest integer in its low bits; what is too large saturates in the narrowing,
  // and reals that are too small for this were refused when the layer was loaded. Two rows share the last narrowing.
  template <size_t kRows>
  [[gnu::always_inline]] static void Store(const Accumulators<kRows>& acc, const resnet50_int8_epilogue& e, int8_t* out,
                                           size_t out_stride) {
    static constexpr float kMagic = RESNET50_INT8_MAGIC;
    const float* magic_place = &kMagic;
    __asm__ volatile("" : "+r"(magic_place));
    const v128_t magic = wasm_v128_load32_splat(magic_place);
    const v128_t less = wasm_v128_load32_splat(&e.magic_less_zero_point);
    const v128_t least = wasm_v128_load8_splat(&e.output_min);  // its low byte
    const v128_t flip = wasm_v128_load8_splat(&e.output_flip);
    const auto row = [&](size_t r) __attribute__((always_inline)) {
      return wasm_i16x8_narrow_i32x4(wasm_i32x4_sub(wasm_f32x4_add(acc.sums[r][0], magic), less),
                                     wasm_i32x4_sub(wasm_f32x4_add(acc.sums[r][1], magic), less));
    };
    Unroll<(kRows + 1) / 2>([&](auto pair) {
      constexpr size_t kFirst = 2 * pair, kSecond = kFirst + 1 < kRows ? kFirst + 1 : kFirst;
      const v128_t first = row(kFirst), second = kSecond == kFirst ? first : row(kSecond);
      const v128_t bytes = wasm_v128_xor(wasm_i8x16_max(wasm_i8x16_narrow_i16x8(first, second), least), flip);
      wasm_v128_store64_lane(out, bytes, 0);
      out += out_stride;
      if constexpr (kSecond != kFirst) {
        wasm_v128_store64_lane(out, bytes, 1);
        out += out_stride;
      }
      KeepOrder();
    });
  }
};

}  // namespace resnet50::kernels
