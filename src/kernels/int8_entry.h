// XNNPACK's gemm and igemm entry points over the tiles of one form. Any number of rows a call: a block of rows is done
// column panel by column panel, so that a panel of weights stays in the first-level cache while the block's activations
// stay in the second.
#pragma once

#include <algorithm>

#include "kernels/int8_tile.h"

namespace resnet50::kernels {

// Calls body.operator()<rows>(first row) for pieces of 6, 4, 2 and 1 rows that make up `rows`.
template <typename Body>
[[gnu::always_inline]] inline void ForRowPieces(size_t rows, const Body& body) {
  size_t row = 0;
  for (; rows - row >= 6; row += 6) body.template operator()<6>(row);
  if (rows - row >= 4) body.template operator()<4>(row), row += 4;
  if (rows - row >= 2) body.template operator()<2>(row), row += 2;
  if (rows - row >= 1) body.template operator()<1>(row);
}

// c[m][n] = requantize(bias[n] + sum_k a[m][k] * w[k][n]). Strides in bytes.
template <typename Form, Residual kResidual>
void Gemm(size_t rows, size_t columns, size_t channels, const int8_t* a, size_t a_stride, const void* w, int8_t* c,
          size_t c_stride, size_t /*panel_stride*/, const void* params) {
  const auto& epilogue = *static_cast<const Int8Epilogue*>(params);
  const auto* panel = static_cast<const int8_t*>(w);
  const size_t panel_bytes = kBiasBytes + RoundUpDepth(channels) * kTileColumns + kScaleBytes;
  for (size_t n = 0; n < columns; n += kTileColumns, panel += panel_bytes) {
    ForRowPieces(
        rows, [&]<size_t kRows>(size_t first) __attribute__((always_inline)) {
          const int8_t* in[kRows];
          Unroll<kRows>([&](auto r) { in[r] = a + (first + r) * a_stride; });
          typename Form::template Accumulators<kRows> acc;
          acc.SetBias(panel);
          const int8_t* scales = Form::template Accumulate<kRows>(acc, in, channels, panel + kBiasBytes);
          int8_t* out[kRows];
          Unroll<kRows>([&](auto r) { out[r] = c + (first + r) * c_stride + n; });
          Form::template Finish<kRows, kResidual>(acc, scales, epilogue, out, std::min(kTileColumns, columns - n));
        });
  }
}

// The most taps of a convolution here (7x7).
inline constexpr size_t kMostTaps = 49;

// The pointers of a group of rows to all taps, moved by `offset`, except those to the padding.
inline void MovePointers(const int8_t* const* from, size_t count, size_t offset, const int8_t* zero,
                         const int8_t** to) {
  for (size_t i = 0; i < count; ++i) to[i] = from[i] == zero ? zero : from[i] + offset;
}

// The same through an indirection buffer: for every group of 6 rows, one pointer a tap and row. `taps_bytes` is the
// number of taps x 6 x sizeof(void*), as XNNPACK passes it. Pointers to `zero` are not moved by `a_offset`.
template <typename Form>
void Igemm(size_t rows, size_t columns, size_t channels, size_t taps_bytes, const int8_t** a, const void* w, int8_t* c,
           size_t c_stride, size_t /*panel_stride*/, size_t a_offset, const int8_t* zero, const void* params) {
  const auto& epilogue = *static_cast<const Int8Epilogue*>(params);
  const auto* panel = static_cast<const int8_t*>(w);
  const size_t pointers = taps_bytes / sizeof(void*);  // of a group
  const size_t taps = pointers / kTileRows;
  const size_t panel_bytes = kBiasBytes + taps * RoundUpDepth(channels) * kTileColumns + kScaleBytes;
  for (size_t n = 0; n < columns; n += kTileColumns, panel += panel_bytes) {
    ForRowPieces(
        rows, [&]<size_t kRows>(size_t first) __attribute__((always_inline)) {
          const int8_t* const* group = a + first / kTileRows * pointers;
          const int8_t* moved[kMostTaps * kTileRows];
          if (a_offset != 0) {
            MovePointers(group, pointers, a_offset, zero, moved);
            group = moved;
          }
          const int8_t* const* tap = group + first % kTileRows;
          typename Form::template Accumulators<kRows> acc;
          acc.SetBias(panel);
          const int8_t* weights = panel + kBiasBytes;
          for (size_t t = 0; t < taps; ++t, tap += kTileRows) {
            const int8_t* in[kRows];
            Unroll<kRows>([&](auto r) { in[r] = tap[r]; });
            weights = Form::template Accumulate<kRows>(acc, in, channels, weights);
          }
          int8_t* out[kRows];
          Unroll<kRows>([&](auto r) { out[r] = c + (first + r) * c_stride + n; });
          Form::template Finish<kRows, Residual::kNone>(acc, weights, epilogue, out,
                                                        std::min(kTileColumns, columns - n));
        });
  }
}

}  // namespace resnet50::kernels
