// Where in the image a class was seen (Zhou et al., 2016, "Learning deep features for discriminative localization"):
// exact for ResNet-50, whose classifier is linear on the mean of the last stage. Knows nothing of pixels.
#pragma once

#include <vector>

#include "base/result.h"
#include "network/network.h"

namespace resnet50 {

// sum over k of fc.weight[index, k] * layer4[k] at each position: [n, height, width] of the batch that the network ran
// last. Its mean over an image's positions, plus fc.bias[index], is the logit. Errors: kInvalidArgument (no such
// class), kNotReady (nothing has run).
Result<std::vector<float>> ClassActivationMap(Network& network, int index);

}  // namespace resnet50
