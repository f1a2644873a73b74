// How the int8 network's input lies in memory, and what that makes of the first convolution. Knows the stem only.
//
// An image deserves all of its eight bits, but our kernels take activations of seven. So every code 0..254 is stored as
// two halves of 0..127 in two channels that have the same weight: w * code = w * (code / 2) + w * (code - code / 2).
// And three channels would waste a quarter of every four-byte step: two neighbouring pixels of six channels are one
// "pair" of twelve, over which the 7x7 stride-2 convolution is a 7x4 one of stride 1 in x. The eighth column of weights
// is zero. Both are exact: the sums are those of the plain convolution on 8-bit codes.
// Four neighbouring pairs are 48 bytes in a row, and rows carry their own padding (two pairs on the left, one on the
// right), so that the kernel sees a window of 7 rows x 1 run of 48 channels; runs of neighbouring outputs overlap.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/quantization.h"
#include "network/topology.h"

namespace resnet50 {

// real = scale * (code - zero_point), code in 0..254, zero_point even, so that both halves of it are equal.
struct InputQuantization {
  float scale;
  int zero_point;
};
inline constexpr int kMaxInputCode = 254;

InputQuantization QuantizeInput(Range range);
// The nearest code, halves to even; NaN becomes the zero point.
uint8_t QuantizeInputValue(float value, const InputQuantization& q);

inline constexpr int kPairChannels = 12;

inline constexpr int kRunPairs = 4;
inline constexpr int kRunChannels = kRunPairs * kPairChannels;
inline constexpr int kLeftPairs = 2, kRightPairs = 1;  // padding of a row

// Pairs of a row of `width` pixels, without padding: the width of the stem's output.
size_t PairsOf(size_t width);
// Bytes of a row with its padding, and of a batch's input tensor.
size_t PairedRowBytes(size_t width);
size_t PairedInputBytes(int n, int height, int width);

// The geometry of the stem over runs, in XNNPACK's terms.
struct PairedStem {
  int kernel_height = 7, kernel_width = 1;
  int stride_height = 2, stride_width = 1;
  int padding_top = 3, padding_bottom = 3;
};

// OHWI weights [O, 7, 7, 3] -> [O, 7, 1, 48].
std::vector<int8_t> PairStemWeights(const Layer& stem, std::span<const int8_t> ohwi);

// Codes of one image, NHWC with 3 channels, into padded rows of pairs; an odd last column is paired with the zero
// point.
void WritePairs(std::span<const uint8_t> codes, int height, int width, int zero_point, int8_t* out);

}  // namespace resnet50
