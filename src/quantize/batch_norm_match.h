// Pictures that are no photos give a network's channels other means and spreads than photos do, and so wrong ranges,
// biases and covariances. But batch norm has kept those that training saw: each channel is mapped so that the pictures
// give it them, all is quantized in these terms, and the maps are taken back. Knows no pixels.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "network/operators.h"
#include "network/topology.h"
#include "quantize/fold.h"
#include "quantize/quantized_layer.h"

namespace resnet50 {

// y' = scale * y + shift, by output channel; empty for rows without batch-norm statistics.
struct ChannelMap {
  std::vector<float> scale;  // > 0
  std::vector<float> shift;
};

// Changes `weights` (one entry a row) so that `images` (normalized, NHWC, all of `side`) give every convolution's
// sums the mean and the deviation that batch norm expects, and returns by what, by row. A channel is scaled by
// 1/4 to 4; one that the images hardly move is left alone. Errors: kOutOfMemory, kInternal.
Result<std::vector<ChannelMap>> MatchBatchNorm(const std::vector<Layer>& layers, std::vector<FoldedLayer>& weights,
                                               const std::vector<std::vector<float>>& images, int side,
                                               const ThreadPool& pool);

// Takes the map back from a layer that was quantized in its terms; `factors`: what equalization then divided the
// channels by, empty for 1.
void Unmap(const ChannelMap& map, std::span<const float> factors, QuantizedLayer& layer);

}  // namespace resnet50
