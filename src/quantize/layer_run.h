// One row of the table, run in f32 on many images, one after the other. Knows operators, not where values come from.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "network/operators.h"
#include "network/topology.h"

namespace resnet50 {

// The row's outputs, NHWC, an image each, before any ReLU. `fill(k, input)` writes the k-th image's input, NHWC of
// extent `in`. `weights`: real ones, empty for pools; additions are not for this. Errors: kOutOfMemory, kInternal.
Result<std::vector<std::vector<float>>> RunLayer(const Layer& layer, const LayerWeights& weights, Extent in,
                                                 size_t images,
                                                 const std::function<void(size_t, std::span<float>)>& fill,
                                                 const ThreadPool& pool);

}  // namespace resnet50
