// Folded f32 weights -> int8 codes with one symmetric scale an output channel. Knows one layer at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "network/topology.h"
#include "quantize/fold.h"

namespace resnet50 {

struct QuantizedLayer {
  std::vector<int8_t> weight;  // OHWI, -127..127
  std::vector<float> scale;    // [output channels], positive
  std::vector<float> bias;     // [output channels], real-valued
};

// Rounds to nearest with scale = max|w| / 127. `input_scale` is the finest scale that the layer's input may have at
// load time: a channel whose weights are next to nothing gets a scale coarse enough for its bias to fit an int32
// accumulator.
QuantizedLayer RoundWeights(const Layer& layer, const FoldedLayer& folded, float input_scale);

}  // namespace resnet50
