// Forms in 128-bit wasm SIMD: the epilogue that they share, and one inner product each.
#pragma once

#include <wasm_simd128.h>

#include <cstring>

#include "kernels/int8_entry_widened.h"
#include "kernels/int8_tile.h"

namespace resnet50::kernels {

// Keeps LLVM from moving loads over this place.
[[gnu::always_inline]] inline void KeepOrder() { __asm__ volatile("" ::: "memory"); }

// Accumulators of a tile in vectors, and the way from them to int8.
struct SimdBase {
  template <size_t kRows>
  struct Accumulators {
    v128_t sums[kRows][2];

    void SetBias(const void* packed) {
      const v128_t low = wasm_v128_load(packed), high = wasm_v128_load(static_cast<const int8_t*>(packed) + 16);
      Unroll<kRows>([&](auto r) { sums[r][0] = low, sums[r][1] = high; });
    }
  };

  // What the epilogue needs in vectors.
  struct Rounding {
    v128_t scale_low, scale_high;  // of the eight columns
    v128_t low;                    // output_min less the zero point, in reals
    v128_t magic_less_zero_point;
  };

  // real + 1.5 * 2^23 has the integer nearest to real (halves to even) in its low bits. Only the lower bound is
  // clamped: large reals give large integers, which saturate in the narrowing, at 127.
  static v128_t Round(v128_t real, const Rounding& r) {
    const v128_t magic = wasm_f32x4_const_splat(kMagic);
    return wasm_i32x4_sub(wasm_f32x4_add(wasm_f32x4_pmax(r.low, real), magic), r.magic_less_zero_point);
  }

  // One row's eight results in int16.
  template <Residual kResidual>
  static v128_t FinishRow(const v128_t (&sums)[2], const Rounding& r, const Int8Epilogue& e, const int8_t* out) {
    v128_t a = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sums[0]), r.scale_low);
    v128_t b = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sums[1]), r.scale_high);
    if constexpr (kResidual == Residual::kAdded) {
      const v128_t ratio = wasm_v128_load32_splat(&e.residual_scale);
      // Tensors are padded behind their end, so that eight bytes may be read even where fewer count.
      v128_t residual = wasm_i16x8_load8x8(out + e.residual_offset);
      residual = wasm_i16x8_sub(residual, wasm_v128_load16_splat(&e.residual_zero_point));
      a = wasm_f32x4_add(a, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(residual)), ratio));
      b = wasm_f32x4_add(b, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(residual)), ratio));
    }
    return wasm_i16x8_narrow_i32x4(Round(a, r), Round(b, r));
  }

  template <size_t kRows, Residual kResidual>
  [[gnu::always_inline]] static void Finish(const Accumulators<kRows>& acc, const int8_t* scales, const Int8Epilogue& e,
                                            int8_t* const (&out)[kRows], size_t columns) {
    // What is loaded here must not live through the loop before: V8 would take its registers from the accumulators.
    KeepOrder();
    const Rounding rounding{wasm_v128_load(scales), wasm_v128_load(scales + 16),
                            wasm_f32x4_splat(float(e.output_min - e.output_zero_point)),
                            wasm_i32x4_splat(kMagicBits - e.output_zero_point)};
    // Two rows at a time share the last narrowing.
    Unroll<(kRows + 1) / 2>([&](auto pair) {
      constexpr size_t kFirst = 2 * pair, kSecond = kFirst + 1 < kRows ? kFirst + 1 : kFirst;
      const v128_t first = FinishRow<kResidual>(acc.sums[kFirst], rounding, e, out[kFirst]);
      const v128_t second =
          kSecond == kFirst ? first : FinishRow<kResidual>(acc.sums[kSecond], rounding, e, out[kSecond]);
      const v128_t bytes = wasm_i8x16_narrow_i16x8(first, second);
      if (columns == kTileColumns) [[likely]] {
        wasm_v128_store64_lane(out[kFirst], bytes, 0);
        if constexpr (kSecond != kFirst) wasm_v128_store64_lane(out[kSecond], bytes, 1);
      } else {
        int8_t lanes[16];
        wasm_v128_store(lanes, bytes);
        std::memcpy(out[kFirst], lanes, columns);
        std::memcpy(out[kSecond], lanes + (kSecond == kFirst ? 0 : kTileColumns), columns);
      }
    });
  }

 private:
  static constexpr float kMagic = 12582912.0F;
  static constexpr int32_t kMagicBits = 0x4B400000;  // kMagic's own
};

#ifdef __wasm_relaxed_simd__

// The loop that the two relaxed forms share: `Dot` adds 4 products to each of 4 sums.
template <typename Dot>
struct RelaxedForm : SimdBase {
  template <size_t kRows>
  [[gnu::always_inline]] static const int8_t* Accumulate(Accumulators<kRows>& acc, const int8_t* const (&rows)[kRows],
                                                         size_t channels, const int8_t* w) {
    const int8_t* p[kRows];
    Unroll<kRows>([&](auto r) { p[r] = rows[r]; });
    for (ptrdiff_t left = ptrdiff_t(channels); left > 0; left -= ptrdiff_t(kTileDepth)) {
      const v128_t w0 = wasm_v128_load(w), w1 = wasm_v128_load(w + 16);
      w += kStepBytes;
      Unroll<kRows>([&](auto r) {
        const v128_t x = wasm_v128_load32_splat(p[r]);
        p[r] += kTileDepth;
        acc.sums[r][0] = Dot::Add(w0, x, acc.sums[r][0]);
        acc.sums[r][1] = Dot::Add(w1, x, acc.sums[r][1]);
      });
    }
    return w;
  }
};

// One instruction with AVX-VNNI (vpdpbusd) and on Arm (sdot). Exact for 7-bit activations by the specification.
struct DotI32 {
  static v128_t Add(v128_t w, v128_t x, v128_t sum) { return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w, x, sum); }
};
using RelaxedI32Form = RelaxedForm<DotI32>;

// Three cheap instructions on x86 without AVX-VNNI (vpmaddubsw, vpmaddwd, vpaddd), where the i32 form is lowered badly.
// Exact too: two products of 127 x 127 fit int16.
struct DotI16 {
  static v128_t Add(v128_t w, v128_t x, v128_t sum) {
    return wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_relaxed_dot_i8x16_i7x16(w, x)));
  }
};
using RelaxedI16Form = RelaxedForm<DotI16>;

#endif  // __wasm_relaxed_simd__

// Plain SIMD, over widened activations (int8_entry_widened.h): two channels a dot product. The weights of 4 channels x
// 8 outputs become four vectors of channel pairs, a pair of activations is spread by the load.
struct PlainForm : SimdBase {
  // Reads up to seven bytes past the end, and writes as many values.
  static void Widen(const int8_t* in, size_t channels, int16_t* out) {
    for (size_t k = 0; k < channels; k += 8) wasm_v128_store(out + k, wasm_i16x8_load8x8(in + k));
  }

  template <size_t kRows>
  [[gnu::always_inline]] static const int8_t* Accumulate(Accumulators<kRows>& acc, const int16_t* rows, size_t depth,
                                                         const int8_t* w) {
    const int8_t* const end = w + depth * kTileColumns;
    for (; w != end; w += kStepBytes, rows += kTileDepth) {
      // Outputs 0-1 and 2-3, 4-5 and 6-7; each output's four channels stay together.
      const v128_t w01 = wasm_i16x8_load8x8(w), w23 = wasm_i16x8_load8x8(w + 8);
      const v128_t w45 = wasm_i16x8_load8x8(w + 16), w67 = wasm_i16x8_load8x8(w + 24);
      AddPairs<kRows>(acc, rows, wasm_i32x4_shuffle(w01, w23, 0, 2, 4, 6), wasm_i32x4_shuffle(w45, w67, 0, 2, 4, 6));
      AddPairs<kRows>(acc, rows + 2, wasm_i32x4_shuffle(w01, w23, 1, 3, 5, 7),
                      wasm_i32x4_shuffle(w45, w67, 1, 3, 5, 7));
    }
    return w;
  }

 private:
  // Two channels of eight outputs.
  template <size_t kRows>
  [[gnu::always_inline]] static void AddPairs(Accumulators<kRows>& acc, const int16_t* rows, v128_t w0, v128_t w1) {
    Unroll<kRows>([&](auto r) {
      const v128_t x = wasm_v128_load32_splat(rows + r * kWideStride);
      acc.sums[r][0] = wasm_i32x4_add(acc.sums[r][0], wasm_i32x4_dot_i16x8(w0, x));
      acc.sums[r][1] = wasm_i32x4_add(acc.sums[r][1], wasm_i32x4_dot_i16x8(w1, x));
    });
  }
};

}  // namespace resnet50::kernels
