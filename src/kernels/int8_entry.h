// XNNPACK's gemm and igemm entry points over the tiles of one form. Any number of rows per call: a block of rows is
// done column panel by column panel, so that a panel of weights stays in the first-level cache while the block's
// activations stay in the second.
#pragma once

#include <span>

#include "kernels/int8_kernels.h"
#include "kernels/int8_spill.h"
#include "kernels/int8_tile.h"

namespace resnet50::kernels {

// What XNNPACK passes as parameters.
inline const resnet50_int8_epilogue& EpilogueOf(const void* params) {
  return **static_cast<const resnet50_int8_epilogue* const*>(params);
}

// Where a tile's outputs go: to the tensor, or, as all 8 are written, beside it where its panel is not full. The tensor
// then gets those that exist.
template <size_t kRows>
class TileOutput {
 public:
  TileOutput(int8_t* out, size_t stride, size_t columns) : out_(out), stride_(stride), columns_(columns) {}
  int8_t* at() { return IsWhole() ? out_ : lanes_; }
  size_t stride() const { return IsWhole() ? stride_ : kTileColumns; }
  // The tile's place in the tensor, where its residual lies at an offset.
  const int8_t* place() const { return out_; }
  size_t place_stride() const { return stride_; }
  [[gnu::always_inline]] void Done() const {
    if (!IsWhole()) [[unlikely]]
      CopyLanes(lanes_, kRows, columns_, out_, stride_);
  }

 private:
  bool IsWhole() const { return columns_ >= kTileColumns; }
  int8_t* out_;
  size_t stride_, columns_;
  int8_t lanes_[kRows * kTileColumns];
};

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
  for (size_t n = 0; n < columns; n += kTileColumns) {
    const int8_t* panel = panels.At(n);
    const std::span<const resnet50_int8_spilled> spilled = panels.SpilledAt(n);
    ForRowPieces<Form::kTall>(
        rows, [&]<size_t kRows>(size_t first) __attribute__((always_inline)) {
          const int8_t* in[kRows];
          Unroll<kRows>([&](auto r) { in[r] = a + (first + r) * a_stride; });
          typename Form::template Accumulators<kRows> acc;
          acc.SetBias(panel);
          const int8_t* scales = Form::template Accumulate<kRows>(acc, in, channels, panel + kBiasBytes);
          AddSpilled<Form, kRows>(acc, spilled, [&](size_t, size_t r) { return a + (first + r) * a_stride; });
          TileOutput<kRows> out(c + first * c_stride + n, c_stride, columns - n);
          Form::template Finish<kRows, kResidual>(acc, scales, epilogue, out);
        });
  }
}

// The same through an indirection buffer: for every row, one pointer per tap. `taps_bytes` is the number of taps x
// sizeof(void*), as XNNPACK passes it for tiles of one row. Pointers to `zero` are not moved by `a_offset`.
template <typename Form>
void Igemm(size_t rows, size_t columns, size_t channels, size_t taps_bytes, const int8_t** a, const void* w, int8_t* c,
           size_t c_stride, size_t /*panel_stride*/, size_t a_offset, const int8_t* zero, const void* params) {
  const resnet50_int8_epilogue& epilogue = EpilogueOf(params);
  const size_t taps = taps_bytes / sizeof(void*);
  const Panels<Form> panels(w, PanelBytes(taps, channels), epilogue);
  for (size_t n = 0; n < columns; n += kTileColumns) {
    const int8_t* panel = panels.At(n);
    const std::span<const resnet50_int8_spilled> spilled = panels.SpilledAt(n);
    ForRowPieces<Form::kTall>(
        rows, [&]<size_t kRows>(size_t first) __attribute__((always_inline)) {
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
          TileOutput<kRows> out(c + first * c_stride + n, c_stride, columns - n);
          Form::template Finish<kRows, Residual::kNone>(acc, weights, epilogue, out);
        });
  }
}

}  // namespace resnet50::kernels
