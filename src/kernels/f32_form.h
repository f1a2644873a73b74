// The tile of an f32 convolution: some output pixels x 8 output channels. One form per flavor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/f32_kernels.h"
#include "kernels/tile_loops.h"
#ifdef __wasm_simd128__
#include "kernels/simd_order.h"
#endif

namespace resnet50::kernels {

inline constexpr size_t kF32Columns = 8;

#ifdef __wasm_simd128__

struct F32Form {
#ifdef __wasm_relaxed_simd__
  static constexpr size_t kTall = 6;  // 12 accumulators, 2 weight vectors, 1 activation
#else
  static constexpr size_t kTall = 5;  // products need a register before they are added
#endif

  template <size_t kRows>
  struct Accumulators {
    v128_t sums[kRows][2];

    void SetBias(const float* bias) {
      const v128_t low = wasm_v128_load(bias), high = wasm_v128_load(bias + 4);
      Unroll<kRows>([&](auto r) { sums[r][0] = low, sums[r][1] = high; });
    }
  };

  // Adds `channels` input channels of one tap; returns the weights behind them. Unrolled as RelaxedI32Form is.
  template <size_t kRows>
  [[gnu::always_inline]] static const float* Accumulate(Accumulators<kRows>& acc, const float* const (&rows)[kRows],
                                                        size_t channels, const float* w) {
    const float* p[kRows];
    Unroll<kRows>([&](auto r) { p[r] = rows[r]; });
    const float* const end = w + channels * kF32Columns;
    // Adds channel u of a turn; whether it was the last.
    const auto step = [&](size_t u) __attribute__((always_inline)) {
      const v128_t w0 = wasm_v128_load(w + u * kF32Columns), w1 = wasm_v128_load(w + u * kF32Columns + 4);
      Unroll<kRows>([&](auto r) {
        const v128_t x = TakeSplat(p[r]);
        auto& [a, b] = acc.sums[r];
        a = MultiplyAdd(x, w0, a), Pin(a);
        b = MultiplyAdd(x, w1, b), Pin(b);
      });
      return w + (u + 1) * kF32Columns == end;
    };
    constexpr size_t kSteps = kRows < kTall - 1 ? 1 : 4;
    while (!AnyOf<kSteps>(step)) w += kSteps * kF32Columns;
    return end;
  }

  template <size_t kRows>
  [[gnu::always_inline]] static void Finish(const Accumulators<kRows>& acc, const resnet50_f32_clamp& clamp, float* out,
                                            size_t out_stride) {
    KeepOrder();
    const v128_t min = wasm_v128_load32_splat(&clamp.min), max = wasm_v128_load32_splat(&clamp.max);
    Unroll<kRows>([&](auto r) {
      wasm_v128_store(out, Clamp(acc.sums[r][0], min, max));
      wasm_v128_store(out + 4, Clamp(acc.sums[r][1], min, max));
      out = reinterpret_cast<float*>(reinterpret_cast<char*>(out) + out_stride);
      KeepOrder();
    });
  }

 private:
#ifdef __wasm_relaxed_simd__
  static v128_t MultiplyAdd(v128_t x, v128_t w, v128_t sum) { return wasm_f32x4_relaxed_madd(x, w, sum); }
  static v128_t Clamp(v128_t v, v128_t min, v128_t max) {
    return wasm_f32x4_relaxed_min(max, wasm_f32x4_relaxed_max(min, v));
  }
#else
  static v128_t MultiplyAdd(v128_t x, v128_t w, v128_t sum) { return wasm_f32x4_add(sum, wasm_f32x4_mul(x, w)); }
  static v128_t Clamp(v128_t v, v128_t min, v128_t max) { return wasm_f32x4_pmin(max, wasm_f32x4_pmax(min, v)); }
#endif
};

#else

// Native builds.
struct F32Form {
  static constexpr size_t kTall = 4;

  template <size_t kRows>
  struct Accumulators {
    float sums[kRows][kF32Columns];

    void SetBias(const float* bias) {
      for (auto& row : sums) std::memcpy(row, bias, sizeof row);
    }
  };

  template <size_t kRows>
  static const float* Accumulate(Accumulators<kRows>& acc, const float* const (&rows)[kRows], size_t channels,
                                 const float* w) {
    for (size_t k = 0; k < channels; ++k, w += kF32Columns) {
      for (size_t r = 0; r < kRows; ++r) {
        for (size_t c = 0; c < kF32Columns; ++c) acc.sums[r][c] += rows[r][k] * w[c];
      }
    }
    return w;
  }

  template <size_t kRows>
  static void Finish(const Accumulators<kRows>& acc, const resnet50_f32_clamp& clamp, float* out, size_t out_stride) {
    for (const auto& row : acc.sums) {
      for (size_t c = 0; c < kF32Columns; ++c) out[c] = std::min(std::max(row[c], clamp.min), clamp.max);
      out = reinterpret_cast<float*>(reinterpret_cast<char*>(out) + out_stride);
    }
  }
};

#endif

}  // namespace resnet50::kernels
