// Second moments of the patches that a convolution reads, from the codes of its input: exact integers, so that order
// and threads do not matter. Knows codes and positions, not weights.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/operators.h"
#include "network/topology.h"

namespace resnet50 {

// An int8 tensor as the quantization sees it: code minus zero point, NHWC, a vector an image. real = scale * value.
struct CodedTensor {
  Extent extent{0, 0};
  size_t channels = 0;
  float scale = 1.0F;
  std::vector<std::vector<int16_t>> images;  // each within +-255
};

// Over at most kMostPatches patches, spread over all images and positions.
inline constexpr size_t kMostPatches = 8192;

struct SecondMoments {
  size_t inputs = 0;  // kernel * kernel * input channels
  size_t patches = 0;
  std::vector<int32_t> products;  // [inputs, inputs], the lower triangle: sum of x_i * x_j
  std::vector<int64_t> sums;      // of x_i
};

SecondMoments MeasureSecondMoments(const Layer& layer, const CodedTensor& input, const ThreadPool& pool);

}  // namespace resnet50
