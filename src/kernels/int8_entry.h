// XNNPACK's gemm and igemm entry points over the tiles of one form. Any number of rows per call: a block of rows is
// done column panel by column panel, so that a panel of weights stays in the first-level cache while the block's
// activations stay in the second.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/int8_kernels.h"
#include "kernels/int8_spill.h"
#include "kernels/int8_tile.h"

namespace resnet50::kernels {

// What XNNPACK passes as parameters.
inline const resnet50_int8_epilogue& EpilogueOf(const void* params) {
  return **static_cast<const resnet50_int8_epilogue* const*>(params);
}

// Calls body.operator()<rows>(first row) for pieces that make up `rows`: as many as possible of kTallest, the rest in
// pieces of one row less if that leaves nothing over (49 = 4 x 6 + 5 x 5), else in fours, twos and ones.
template <size_t kTallest, typename Body>
[[gnu::always_inline]] inline void ForRowPieces(size_t rows, const Body& body) {
  constexpr size_t kLower = kTallest - 1;
  const size_t missing = (kTallest - rows % kTallest) % kTallest;  // pieces that are one row lower
  const bool fits = rows >= missing * kLower;
  const size_t tall = fits ? rows - missing * kLower : rows / kTallest * kTallest;
  size_t row = 0;
  for (; row < tall; row += kTallest) body.template operator()<kTallest>(row);
  if (fits) {
    for (; row < rows; row += kLower) body.template operator()<kLower>(row);
    return;
  }
  if constexpr (kLower > 4) {
    if (rows - row >= 4) body.template operator()<4>(row), row += 4;
  }
  if constexpr (kLower > 2) {
    if (rows - row >= 2) body.template operator()<2>(row), row += 2;
  }
  if (row < rows) body.template operator()<1>(row);
}

// Calls body(first column, the tile's output, its stride, its epilogue) for every panel of `columns`. A last panel that
// is not full is done row by row: its tile writes all 8 columns beside the tensor, which gets those that exist.
template <typename Whole, typename Row>
[[gnu::always_inline]] inline void ForPanels(size_t rows, size_t columns, int8_t* c, size_t c_stride,
                                             const resnet50_int8_epilogue& epilogue, const Whole& whole,
                                             const Row& single) {
  size_t n = 0;
  for (; n + kTileColumns <= columns; n += kTileColumns) whole(n, c + n);
  if (n == columns) return;
  for (size_t row = 0; row < rows; ++row) {
    int8_t lanes[kTileColumns];
    int8_t* out = c + row * c_stride + n;
    resnet50_int8_epilogue moved = epilogue;
    moved.residual_offset = out + epilogue.residual_offset - lanes;
    single(n, row, lanes, moved);
    std::memcpy(out, lanes, columns - n);
  }
}

// The panels of a call, from the one at `w` on.
template <typename Form>
class Panels {
 public:
  Panels(const void* w, size_t bytes, const resnet50_int8_epilogue& epilogue)
      : first_(static_cast<const int8_t*>(w)), bytes_(bytes), spill_(epilogue.spill) {
    if constexpr (kSpills) index_ = size_t(first_ - static_cast<const int8_t*>(epilogue.weights)) / bytes;
  }

  const int8_t* At(size_t column) const { return first_ + column / kTileColumns * bytes_; }

  // What the weights of that panel leave out.
  std::span<const resnet50_int8_spilled> SpilledAt(size_t column) const {
    if constexpr (kSpills) return spill_->OfPanel(index_ + column / kTileColumns);
    return {};
  }

 private:
  static constexpr bool kSpills = Form::kLayout == resnet50_int8_with_spill;
  const int8_t* first_;
  size_t bytes_, index_ = 0;
  const resnet50_int8_spill* spill_;
};

// Adds them to the sums of a tile. in(tap, r): the activations of row r at a tap.
template <typename Form, size_t kRows, typename Acc, typename In>
[[gnu::always_inline]] inline void AddSpilled(Acc& acc, std::span<const resnet50_int8_spilled> spilled, const In& in) {
  if constexpr (Form::kLayout != resnet50_int8_with_spill) return;
  for (const resnet50_int8_spilled& step : spilled) {
    const int8_t* at[kRows];
    Unroll<kRows>([&](auto r) { at[r] = in(step.tap, r) + step.channel; });
    Form::template Accumulate<kRows>(acc, at, kTileDepth, step.weights);
  }
}

// c[m][n] = requantize(bias[n] + sum_k a[m][k] * w[k][n]). Strides in bytes.
template <typename Form, Residual kResidual>
void Gemm(size_t rows, size_t columns, size_t channels, const int8_t* a, size_t a_stride, const void* w, int8_t* c,
          size_t c_stride, size_t /*panel_stride*/, const void* params) {
  const resnet50_int8_epilogue& epilogue = EpilogueOf(params);
  const Panels<Form> panels(w, PanelBytes(1, channels), epilogue);
  const auto tile = [&]<size_t kRows>(size_t first, const int8_t* panel, std::span<const resnet50_int8_spilled> spilled,
                                      int8_t* out, const resnet50_int8_epilogue& e) __attribute__((always_inline)) {
    const int8_t* in[kRows];
    Unroll<kRows>([&](auto r) { in[r] = a + (first + r) * a_stride; });
    typename Form::template Accumulators<kRows> acc;
    acc.SetBias(panel);
    const int8_t* scales = Form::template Accumulate<kRows>(acc, in, channels, panel + kBiasBytes);
    AddSpilled<Form, kRows>(acc, spilled, [&](size_t, size_t r) { return a + (first + r) * a_stride; });
    Form::template Finish<kRows, kResidual>(acc, scales, e, out, c_stride);
  };
  ForPanels(
      rows, columns, c, c_stride, epilogue,
      [&](size_t n, int8_t * out) __attribute__((always_inline)) {
        const int8_t* panel = panels.At(n);
        const std::span<const resnet50_int8_spilled> spilled = panels.SpilledAt(n);
        ForRowPieces<Form::kTall>(
            rows, [&]<size_t kRows>(size_t first) __attribute__((always_inline)) {
              tile.template operator()<kRows>(first, panel, spilled, out + first * c_stride, epilogue);
            });
      },
      [&](size_t n, size_t row, int8_t* out, const resnet50_int8_epilogue& e) {
        tile.template operator()<1>(row, panels.At(n), panels.SpilledAt(n), out, e);
      });
}

// The most taps of a convolution here (7x7).
inline constexpr size_t kMostTaps = 49;

// The pointers of a tile to all taps, moved by `offset`, except those to the padding.
inline void MovePointers(const int8_t* const* from, size_t count, size_t offset, const int8_t* zero,
                         const int8_t** to) {
  for (size_t i = 0; i < count; ++i) to[i] = from[i] == zero ? zero : from[i] + offset;
}

// The same through an indirection buffer: for every row, one pointer per tap. `taps_bytes` is the number of taps x
// sizeof(void*), as XNNPACK passes it for tiles of one row. Pointers to `zero` are not moved by `a_offset`.
template <typename Form>
void Igemm(size_t rows, size_t columns, size_t channels, size_t taps_bytes, const int8_t** a, const void* w, int8_t* c,
           size_t c_stride, size_t /*panel_stride*/, size_t a_offset, const int8_t* zero, const void* params) {
  const resnet50_int8_epilogue& epilogue = EpilogueOf(params);
  const size_t taps = taps_bytes / sizeof(void*);
  const Panels<Form> panels(w, PanelBytes(taps, channels), epilogue);
  const auto tile = [&]<size_t kRows>(size_t first, const int8_t* panel, std::span<const resnet50_int8_spilled> spilled,
                                      int8_t* out, const resnet50_int8_epilogue& e) __attribute__((always_inline)) {
    const int8_t* const* pointers = a + first * taps;  // [row][tap]
    const int8_t* moved[kMostTaps * kRows];
    if (a_offset != 0) {
      MovePointers(pointers, taps * kRows, a_offset, zero, moved);
      pointers = moved;
    }
    typename Form::template Accumulators<kRows> acc;
    acc.SetBias(panel);
    const int8_t* weights = panel + kBiasBytes;
    for (size_t t = 0; t < taps; ++t) {
      const int8_t* in[kRows];
      Unroll<kRows>([&](auto r) { in[r] = pointers[r * taps + t]; });
      weights = Form::template Accumulate<kRows>(acc, in, channels, weights);
    }
    AddSpilled<Form, kRows>(acc, spilled, [&](size_t t, size_t r) { return pointers[r * taps + t]; });
    Form::template Finish<kRows, Residual::kNone>(acc, weights, e, out, c_stride);
  };
  ForPanels(
      rows, columns, c, c_stride, epilogue,
      [&](size_t n, int8_t * out) __attribute__((always_inline)) {
        const int8_t* panel = panels.At(n);
        const std::span<const resnet50_int8_spilled> spilled = panels.SpilledAt(n);
        ForRowPieces<Form::kTall>(
            rows, [&]<size_t kRows>(size_t first) __attribute__((always_inline)) {
              tile.template operator()<kRows>(first, panel, spilled, out + first * c_stride, epilogue);
            });
      },
      [&](size_t n, size_t row, int8_t* out, const resnet50_int8_epilogue& e) {
        tile.template operator()<1>(row, panels.At(n), panels.SpilledAt(n), out, e);
      });
}

}  // namespace resnet50::kernels
