// A layer's weights in int8.
#pragma once

#include <cstdint>
#include <vector>

namespace resnet50 {

struct QuantizedLayer {
  std::vector<int8_t> weight;  // OHWI, -127..127
  std::vector<float> scale;    // [output channels], positive
  std::vector<float> bias;     // [output channels], real-valued
};

}  // namespace resnet50
