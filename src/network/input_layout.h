// How the int8 network's input lies in memory, and what that makes of the first convolution. Knows the stem only.
//
// An image deserves all of its eight bits: codes are 0..254, where other activations have seven bits. A byte holds the
// code itself where the stem's kernel reads bytes as unsigned, and code - 128 where it reads them as signed; the sums
// are the same integers.
// Rows carry their own padding (three pixels at both sides), so that the kernel sees a window of 7 rows x 1 run of 21
// bytes, 7 pixels of 3 channels; runs of neighboring outputs overlap. Weights of a run are packed in steps of four
// bytes: what is read behind its 21 counts as nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "network/quantization.h"
#include "network/topology.h"

namespace resnet50 {

// real = scale * (code - zero_point), code in 0..254, zero_point even. (Codes were once stored in two halves, and
// shards are converted for them.)
struct InputQuantization {
  float scale;
  int zero_point;
};
inline constexpr int kMaxInputCode = 254;

InputQuantization QuantizeInput(Range range);
// The nearest code, halves to even; NaN becomes the zero point.
uint8_t QuantizeInputValue(float value, const InputQuantization& q);

inline constexpr size_t kRunBytes = 7 * kInputChannels;  // of a window's row
inline constexpr size_t kRunStep = 2 * kInputChannels;   // between the runs of neighboring outputs: the stride
inline constexpr size_t kSidePixels = 3;                 // padding at each side of a row

// Width of the stem's output.
size_t StemWidth(size_t width);
// Bytes of a row with its padding, and of a batch's input tensor.
size_t InputRowBytes(size_t width);
size_t InputBytes(size_t n, size_t height, size_t width);

// What is added to a code, modulo 256, to give its byte.
uint8_t CodeOffset(bool unsigned_bytes);

// Codes of one row of pixels, NHWC, into a padded row.
void WriteInputRow(const uint8_t* codes, size_t width, int zero_point, uint8_t offset, int8_t* out);
// The same from a row of each plane of a normalized tensor, NCHW.
void WriteInputRow(const float* const (&planes)[kInputChannels], size_t width, const InputQuantization& q,
                   uint8_t offset, int8_t* out);

}  // namespace resnet50
