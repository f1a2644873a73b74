// One tile of an int8 convolution: some output pixels x 8 output channels, weights int8, activations int8, accumulated
// exactly in int32, requantized in f32, the residual added where there is one. Everything here is a template over the
// form of the inner product; files int8_form_*.h give the forms. Knows XNNPACK's packing, not its operators.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/tile_loops.h"

namespace resnet50::kernels {

inline constexpr size_t kTileColumns = 8;
inline constexpr size_t kTileDepth = 4;  // input channels per step

// Whether an output gets a residual added before the clamp.
enum class Residual : bool { kNone, kAdded };

// Packed weights of 8 output channels: 8 int32 biases, then for every tap and every 4 input channels 8 x 4 int8 weights
// (int8_packing.h), then 8 f32 requantization scales.
inline constexpr size_t kBiasBytes = kTileColumns * sizeof(int32_t);
inline constexpr size_t kScaleBytes = kTileColumns * sizeof(float);
inline constexpr size_t kStepBytes = kTileColumns * kTileDepth;

inline size_t RoundUpDepth(size_t channels) { return (channels + kTileDepth - 1) / kTileDepth * kTileDepth; }

// Bytes of a panel, all taps.
inline size_t PanelBytes(size_t taps, size_t channels) {
  return kBiasBytes + taps * RoundUpDepth(channels) * kTileColumns + kScaleBytes;
}

}  // namespace resnet50::kernels
