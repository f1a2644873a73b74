// The reference form: plain C++. What every other form computes, bit for bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/int8_kernels.h"
#include "kernels/int8_tile.h"

namespace resnet50::kernels {

struct ScalarForm {
  static constexpr resnet50_int8_layout kLayout = resnet50_int8_by_output;
  static constexpr size_t kTall = 6;

  template <size_t kRows>
  struct Accumulators {
    int32_t sums[kRows][kTileColumns];

    void SetBias(const void* packed) {
      for (auto& row : sums) std::memcpy(row, packed, kBiasBytes);
    }
  };

  // Adds `channels` input channels of one tap; returns the weights behind them.
  template <size_t kRows>
  static const int8_t* Accumulate(Accumulators<kRows>& acc, const int8_t* const (&rows)[kRows], size_t channels,
                                  const int8_t* w) {
    return AccumulateAs<int8_t>(acc, rows, channels, w);
  }

  template <size_t kRows, Residual kResidual, typename Output>
  static void Finish(const Accumulators<kRows>& acc, const int8_t* scales, const resnet50_int8_epilogue& e,
                     Output& output) {
    const float low = float(e.output_min - e.output_zero_point), high = float(INT8_MAX - e.output_zero_point);
    for (size_t r = 0; r < kRows; ++r) {
      int8_t* out = output.at() + r * output.stride();
      const int8_t* residuals = output.place() + r * output.place_stride() + e.residual_offset;
      for (size_t c = 0; c < kTileColumns; ++c) {
        float scale;
        std::memcpy(&scale, scales + c * sizeof(float), sizeof scale);
        float value = float(acc.sums[r][c]) * scale;
        if constexpr (kResidual == Residual::kAdded) {
          value = value + float((int(residuals[c]) & e.residual_mask) - e.residual_zero_point) * e.residual_scale;
        }
        out[c] = int8_t((int32_t(std::nearbyint(std::clamp(value, low, high))) + e.output_zero_point) ^ e.output_flip);
      }
    }
    output.Done();
  }

 protected:
  // The same with activations read as `Code`.
  template <typename Code, size_t kRows>
  static const int8_t* AccumulateAs(Accumulators<kRows>& acc, const int8_t* const (&rows)[kRows], size_t channels,
                                    const int8_t* w) {
    for (size_t k = 0; k < channels; k += kTileDepth, w += kStepBytes) {
      for (size_t d = 0; d < std::min(kTileDepth, channels - k); ++d) {
        for (size_t r = 0; r < kRows; ++r) {
          for (size_t c = 0; c < kTileColumns; ++c) {
            acc.sums[r][c] += int32_t(Code(rows[r][k + d])) * w[c * kTileDepth + d];
          }
        }
      }
    }
    return w;
  }
};

// Native builds run networks on it, as x86 with AVX-VNNI does on relaxed-i32: bytes of activations are 0..255, which
// the first convolution makes use of.
struct ScalarUnsignedForm : ScalarForm {
  template <size_t kRows>
  static const int8_t* Accumulate(Accumulators<kRows>& acc, const int8_t* const (&rows)[kRows], size_t channels,
                                  const int8_t* w) {
    return AccumulateAs<uint8_t>(acc, rows, channels, w);
  }
};

// Natively the layout with spill, for tests of it: sums of two steps pass through int16, as in the relaxed form.
struct ScalarSpillForm : ScalarForm {
  static constexpr resnet50_int8_layout kLayout = resnet50_int8_with_spill;

  template <size_t kRows>
  static const int8_t* Accumulate(Accumulators<kRows>& acc, const int8_t* const (&rows)[kRows], size_t channels,
                                  const int8_t* w) {
    for (size_t k = 0; k < channels; k += 2 * kTileDepth) {
      const size_t depth = std::min(2 * kTileDepth, channels - k);
      for (size_t r = 0; r < kRows; ++r) {
        for (size_t c = 0; c < kTileColumns; ++c) {
          int16_t lanes[2] = {};
          for (size_t d = 0; d < depth; ++d) {
            const size_t at = d / kTileDepth * kStepBytes + c * kTileDepth + d % kTileDepth;
            int16_t& lane = lanes[d % kTileDepth / 2];
            lane = int16_t(lane + int(rows[r][k + d]) * int(w[at]));  // wraps, as the instruction does
          }
          acc.sums[r][c] += lanes[0] + lanes[1];
        }
      }
      w += (depth + kTileDepth - 1) / kTileDepth * kStepBytes;
    }
    return w;
  }
};

}  // namespace resnet50::kernels
