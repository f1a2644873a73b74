// XNNPACK's gemm and igemm entry points for a form whose inner product takes int16 activations: those of one tile of
// rows are widened once, all taps in a row, and serve every panel of weights. So rows are the outer loop here, panels
// the inner one; the weights of a panel are widened in registers, once per tile.
#pragma once

#include "kernels/int8_entry.h"
#include "kernels/int8_tile.h"

namespace resnet50::kernels {

// The activations of a tile. Rows lie at a constant distance, so that one pointer and immediate offsets reach them all.
inline constexpr size_t kMostDepth = 4608;  // channels x taps of the deepest convolution (3x3 x 512)
inline constexpr size_t kWideStride = kMostDepth + 8;
template <size_t kRows>
struct WideTile {
  alignas(16) int16_t rows[kRows * kWideStride];
};

// All panels of weights over one tile; `depth` is channels x taps, each tap's channels rounded up to whole steps.
template <typename Form, size_t kRows, Residual kResidual, typename Tile>
[[gnu::always_inline]] inline void RunPanels(const Tile& tile, size_t depth, const void* w, size_t columns, int8_t* c,
                                             size_t c_stride, const resnet50_int8_epilogue& epilogue) {
  const auto* panel = static_cast<const int8_t*>(w);
  for (size_t n = 0; n < columns; n += kTileColumns, panel += PanelBytes(1, depth)) {
    typename Form::template Accumulators<kRows> acc;
    acc.SetBias(panel);
    const int8_t* scales = Form::template Accumulate<kRows>(acc, tile.rows, depth, panel + kBiasBytes);
    TileOutput<kRows> out(c + n, c_stride, columns - n);
    Form::template Finish<kRows, kResidual>(acc, scales, epilogue, out);
  }
}

// See Gemm in int8_entry.h.
template <typename Form, Residual kResidual>
void WidenedGemm(size_t rows, size_t columns, size_t channels, const int8_t* a, size_t a_stride, const void* w,
                 int8_t* c, size_t c_stride, size_t /*panel_stride*/, const void* params) {
  WideTile<Form::kTall> tile;
  ForRowPieces<Form::kTall>(
      rows, [&]<size_t kRows>(size_t first) __attribute__((always_inline)) {
        for (size_t r = 0; r < kRows; ++r) {
          Form::Widen(a + (first + r) * a_stride, channels, tile.rows + r * kWideStride);
        }
        RunPanels<Form, kRows, kResidual>(tile, RoundUpDepth(channels), w, columns, c + first * c_stride, c_stride,
                                          EpilogueOf(params));
      });
}

// See Igemm in int8_entry.h.
template <typename Form>
void WidenedIgemm(size_t rows, size_t columns, size_t channels, size_t taps_bytes, const int8_t** a, const void* w,
                  int8_t* c, size_t c_stride, size_t /*panel_stride*/, size_t a_offset, const int8_t* zero,
                  const void* params) {
  const size_t taps = taps_bytes / sizeof(void*), depth = RoundUpDepth(channels);
  WideTile<Form::kTall> tile;
  ForRowPieces<Form::kTall>(
      rows, [&]<size_t kRows>(size_t first) __attribute__((always_inline)) {
        for (size_t r = 0; r < kRows; ++r) {
          const int8_t* const* pointers = a + (first + r) * taps;
          for (size_t t = 0; t < taps; ++t) {
            const int8_t* in = pointers[t] == zero ? zero : pointers[t] + a_offset;
            Form::Widen(in, channels, tile.rows + r * kWideStride + t * depth);
          }
        }
        RunPanels<Form, kRows, Residual::kNone>(tile, taps * depth, w, columns, c + first * c_stride, c_stride,
                                                EpilogueOf(params));
      });
}

}  // namespace resnet50::kernels
