// One tile of an int8 convolution: up to 6 output pixels x 8 output channels, weights int8, activations 0..127 (7
// bits), accumulated exactly in int32, requantized in f32, the residual added where there is one. Everything here is a
// template over the form of the inner product; files int8_form_*.h give the forms. Knows XNNPACK's packing, not its
// operators.
//
// Why 6 x 8: 12 accumulators, 2 weight vectors and 1 activation vector are the 15 vector registers that V8 has on x86.
// Why no unrolling over k: LLVM moves loads across the copies, and V8 spills (measured: 45 -> 56 ms a network).
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace resnet50::kernels {

inline constexpr size_t kTileRows = 6;
inline constexpr size_t kTileColumns = 8;
inline constexpr size_t kTileDepth = 4;  // input channels a step

// What our kernels read where XNNPACK passes its parameters. The first three fields are those of XNNPACK's
// fp32_scalar parameters, so that kernels without a residual take either.
struct Int8Epilogue {
  int16_t output_zero_point;
  int16_t output_min;
  int16_t output_max;  // always 127: the SIMD forms let int8 saturate
  int16_t residual_zero_point;
  float residual_scale;       // residual's scale over the output's
  ptrdiff_t residual_offset;  // bytes from an output to its residual: both tensors have the same layout
};

// Whether an output gets a residual added before the clamp.
enum class Residual : bool { kNone, kAdded };

// XNNPACK's packed weights of 8 output channels: 8 int32 biases, then for every tap and every 4 input channels
// 8 x 4 int8 weights (channel-major), then 8 f32 requantization scales.
inline constexpr size_t kBiasBytes = kTileColumns * sizeof(int32_t);
inline constexpr size_t kScaleBytes = kTileColumns * sizeof(float);
inline constexpr size_t kStepBytes = kTileColumns * kTileDepth;

// Calls body(i) for i in 0..n-1 with i a compile-time constant, so that arrays of vectors become registers. (A loop
// that LLVM unrolls late leaves them in memory: the accumulators were stored at every step.)
template <size_t kCount, typename Body>
[[gnu::always_inline]] inline void Unroll(const Body& body) {
  [&]<size_t... kIndex>(std::index_sequence<kIndex...>) __attribute__((always_inline)) {
    (body(std::integral_constant<size_t, kIndex>{}), ...);
  }
  (std::make_index_sequence<kCount>{});
}

inline size_t RoundUpDepth(size_t channels) { return (channels + kTileDepth - 1) / kTileDepth * kTileDepth; }

}  // namespace resnet50::kernels
