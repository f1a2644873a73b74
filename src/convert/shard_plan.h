// Which output channels of which layers go into which shard.
#pragma once

#include <cstddef>
#include <vector>

#include "network/network.h"
#include "network/topology.h"

namespace resnet50 {

// Output channels [first, first + channels) of one layer, which go into one shard.
struct ShardPiece {
  size_t layer;  // row of the table
  size_t first;
  size_t channels;
};
using ShardPlan = std::vector<std::vector<ShardPiece>>;

// Greedy in network order: a layer goes into the current shard if it fits, is cut by output channels if it fits no
// shard. No shard is longer than `max_bytes`, unless a single channel is.
ShardPlan PlanShards(const std::vector<Layer>& layers, Precision precision, size_t max_bytes);

}  // namespace resnet50
