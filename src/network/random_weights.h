// torchvision's random initialization, for a network without trained weights. Knows layers, not files.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "network/network.h"

namespace resnet50 {

// Fills every layer of an f32 network as torchvision's ResNet does: convolutions from a normal distribution with
// variance 2 / fan_out (He et al., 2015), batch norms as the identity, fc uniform in +-1/sqrt(fan_in). The distribution
// is torchvision's, the numbers are those of our own generator: the same seed gives the same network everywhere.
// Errors: kInvalidArgument for an int8 network, which has no calibrated ranges without weights.
Status InitializeRandomly(Network& network, uint32_t seed);

}  // namespace resnet50
