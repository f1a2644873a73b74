// Which step each output channel's weights are rounded to: as fine as eight bits allow, or coarser ones that leave few
// bits to store and spend them where they matter. Knows weights and what their errors
// do, not how codes are chosen.
#pragma once

#include <cstdint>
#include <vector>

#include "network/topology.h"
#include "quantize/fold.h"

namespace resnet50 {

// The smallest step that a runtime takes for each channel: the channel's bias must fit an int32 accumulator whose unit
// is input_scale * step.
std::vector<float> LeastSteps(const FoldedLayer& folded, float input_scale);

// max|w| / 127 of each channel.
std::vector<float> FineSteps(const FoldedLayer& folded);

// What the errors of a row's weights do.
struct WeightWorth {
  std::vector<double> gain;  // by output channel: what a unit of noise power in it counts for
  double power = 1.0;        // mean square of the values of an input patch, summed over the patch
};

// By row and channel. Steps give all bits the same worth: they are proportional to sqrt(inputs / (gain x power)), by
// one constant for the whole network, found so that codes rounded to nearest take `bits` a weight on average (by the
// entropy of each layer's codes). `worths` by row; `bits` within 1..8.
std::vector<std::vector<float>> CoarseSteps(const std::vector<Layer>& layers, const std::vector<FoldedLayer>& weights,
                                            const std::vector<WeightWorth>& worths, double bits);

// -log2 of how often each code -127..127 is there, at [code + 127].
std::vector<float> CodeBits(const std::vector<int8_t>& codes);

}  // namespace resnet50
