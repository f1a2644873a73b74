// How much noise in each channel of each tensor would show in the logits, from the weights alone: independent noise
// adds up in power, so each step multiplies it by squared weights. For weighing errors of one place against those of
// another.
#pragma once

#include <vector>

#include "quantize/activation_statistics.h"
#include "quantize/fold.h"

namespace resnet50 {

struct NoiseGains {
  std::vector<std::vector<double>> before;  // by row and output channel: of the sum, before ReLU
  std::vector<std::vector<double>> after;   // of the tensor that is stored
};

// ReLU passes noise where it passes the value: as often as `statistics` saw the channel above zero.
NoiseGains FindNoiseGains(const std::vector<Layer>& layers, const std::vector<FoldedLayer>& weights,
                          const ActivationStatistics& statistics);

}  // namespace resnet50
