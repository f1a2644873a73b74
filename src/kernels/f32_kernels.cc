#include "kernels/f32_kernels.h"

#include <cstdint>
#include <type_traits>

#include "kernels/f32_form.h"

namespace resnet50::kernels {
namespace {

template <typename Value>
Value* Move(Value* at, size_t bytes) {
  using Byte = std::conditional_t<std::is_const_v<Value>, const char, char>;
  return reinterpret_cast<Value*>(reinterpret_cast<Byte*>(at) + bytes);
}

// All tiles of a call, panel by panel, so that a panel of weights stays in the first-level cache.
// sum.operator()<rows>(accumulators, first row, weights): adds all products, given the weights behind the biases.
template <typename Sum>
[[gnu::always_inline]] inline void RunTiles(size_t rows, size_t columns, const float* w, size_t panel_floats, float* c,
                                            size_t c_stride, const resnet50_f32_clamp& clamp, const Sum& sum) {
  for (size_t n = 0; n < columns; n += kF32Columns, w += panel_floats, c += kF32Columns) {
    const bool whole = n + kF32Columns <= columns;
    ForRowPieces<F32Form::kTall>(
        rows, [&]<size_t kRows>(size_t first) __attribute__((always_inline)) {
          F32Form::Accumulators<kRows> acc;
          acc.SetBias(w);
          sum.template operator()<kRows>(acc, first, w + kF32Columns);
          // A panel that is not full goes beside the tensor, which gets what it has room for.
          float lanes[kRows * kF32Columns];
          float* out = Move(c, first * c_stride);
          F32Form::template Finish<kRows>(acc, clamp, whole ? out : lanes,
                                          whole ? c_stride : kF32Columns * sizeof(float));
          if (!whole) [[unlikely]]
            CopyLanes(lanes, kRows, columns - n, out, c_stride);
        });
  }
}

}  // namespace
}  // namespace resnet50::kernels

using namespace resnet50::kernels;

void resnet50_f32_gemm(size_t rows, size_t columns, size_t channel_bytes, const float* a, size_t a_stride,
                       const float* w, float* c, size_t c_stride, size_t /*panel_stride*/,
                       const resnet50_f32_clamp* clamp) {
  const size_t channels = channel_bytes / sizeof(float);
  RunTiles(
      rows, columns, w, (1 + channels) * kF32Columns, c, c_stride,
      *clamp, [&]<size_t kRows>(auto& acc, size_t first, const float* weights) __attribute__((always_inline)) {
        const float* in[kRows];
        Unroll<kRows>([&](auto r) { in[r] = Move(a, (first + r) * a_stride); });
        F32Form::Accumulate<kRows>(acc, in, channels, weights);
      });
}

void resnet50_f32_igemm(size_t rows, size_t columns, size_t channel_bytes, size_t taps_bytes, const float** a,
                        const float* w, float* c, size_t c_stride, size_t /*panel_stride*/, size_t a_offset,
                        const float* zero, const resnet50_f32_clamp* clamp) {
  const size_t channels = channel_bytes / sizeof(float), taps = taps_bytes / sizeof(void*);
  RunTiles(
      rows, columns, w, (1 + taps * channels) * kF32Columns, c, c_stride,
      *clamp, [&]<size_t kRows>(auto& acc, size_t first, const float* weights) __attribute__((always_inline)) {
        const float* const* pointers = a + first * taps;  // [row][tap]
        const float* moved[kMostTaps * kRows];
        if (a_offset != 0) {
          MovePointers(pointers, taps * kRows, a_offset, zero, moved);
          pointers = moved;
        }
        for (size_t t = 0; t < taps; ++t) {
          const float* in[kRows];
          // MovePointers has filled all of them. NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign)
          Unroll<kRows>([&](auto r) { in[r] = pointers[r * taps + t]; });
          weights = F32Form::Accumulate<kRows>(acc, in, channels, weights);
        }
      });
}
