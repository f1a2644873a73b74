// Which channels of ResNet-50 are the same channel: those that additions and pools tie together. Knows the table only.
#pragma once

#include <vector>

#include "network/topology.h"

namespace resnet50 {

// Channels that can only be scaled together: between two convolutions of a block, or along a whole stage's residual
// stream. All members have the same number of channels.
struct ChannelGroup {
  int channels;
  std::vector<size_t> producers;  // convolutions whose output channels these are
  std::vector<size_t> tensors;    // rows behind whose ReLU the channels are stored
  std::vector<size_t> consumers;  // convolutions and fc that read them
};

// All groups in network order; the image and the logits are in none.
std::vector<ChannelGroup> ChannelGroups(const std::vector<Layer>& layers);

}  // namespace resnet50
