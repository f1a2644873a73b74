// The reference form: plain C++. What every other form computes, bit for bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/int8_tile.h"

namespace resnet50::kernels {

struct ScalarForm {
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
    for (size_t k = 0; k < channels; k += kTileDepth, w += kStepBytes) {
      for (size_t d = 0; d < std::min(kTileDepth, channels - k); ++d) {
        for (size_t r = 0; r < kRows; ++r) {
          for (size_t c = 0; c < kTileColumns; ++c) acc.sums[r][c] += int32_t(rows[r][k + d]) * w[c * kTileDepth + d];
        }
      }
    }
    return w;
  }

  template <size_t kRows, Residual kResidual>
  static void Finish(const Accumulators<kRows>& acc, const int8_t* scales, const Int8Epilogue& e,
                     int8_t* const (&out)[kRows], size_t columns) {
    const float low = float(e.output_min - e.output_zero_point), high = float(e.output_max - e.output_zero_point);
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t c = 0; c < columns; ++c) {
        float scale;
        std::memcpy(&scale, scales + c * sizeof(float), sizeof scale);
        float value = float(acc.sums[r][c]) * scale;
        if constexpr (kResidual == Residual::kAdded) {
          const float residual = float(out[r][ptrdiff_t(c) + e.residual_offset] - e.residual_zero_point);
          value = value + residual * e.residual_scale;
        }
        out[r][c] = int8_t(int32_t(std::nearbyint(std::clamp(value, low, high))) + e.output_zero_point);
      }
    }
  }
};

}  // namespace resnet50::kernels
