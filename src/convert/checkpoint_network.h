// A checkpoint as the network takes it: checked against ResNet-50, batch norms folded once. Knows tensors by
// torchvision's names; keeps nothing of the file.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "checkpoint/resnet.h"
#include "network/topology.h"
#include "quantize/fold.h"
#include "weights/shard_format.h"

namespace resnet50 {

// A layer's batch norm, by kBatchNormParts: numbers that f32 shards carry. Empty for fc.
using BatchNormValues = std::array<std::vector<float>, kBatchNormParts.size()>;

struct CheckpointNetwork {
  int classes = 0;                        // 1, of zeros, where there is no classifier
  RecognizedResNet recognized;            // what was understood of the file; without its tensors
  std::vector<Layer> layers;              // the table
  std::vector<FoldedLayer> folded;        // by row; empty for rows without weights
  std::vector<BatchNormValues> unfolded;  // by row
};

// Reads a whole checkpoint file, which may go afterwards. Errors: kCheckpointFormat, kCheckpointMismatch, kOutOfMemory.
Result<CheckpointNetwork> ReadCheckpointNetwork(std::span<const uint8_t> bytes, std::string_view file_name,
                                                const ResNetChoice& choice = {});

// Trainable parameters, as torchvision's num_params counts them; without a classifier, those of the body.
size_t CountParameters(const CheckpointNetwork& network);

}  // namespace resnet50
