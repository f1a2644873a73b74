// Which tensors beside a ResNet-50's body are its classifier: one linear layer, alone or in a Sequential. Knows names
// and shapes; values only to fold a batch norm into the layer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/resnet_names.h"

namespace resnet50 {

// Features that the network's average pooling gives.
inline constexpr int64_t kHeadInputs = 2048;
// Most classes; as many as a network may have (network/topology.h).
inline constexpr int64_t kMaxHeadOutputs = int64_t{1} << 20;

struct Head {
  std::string module;                   // full name of the linear layer; empty where there is no classifier
  const TensorEntry* weight = nullptr;  // [classes, 2048], or [classes, 2048, 1, 1]
  const TensorEntry* bias = nullptr;    // may be missing
  // A batch norm of the 2048 features just before the layer: its module's full name, or empty.
  std::string norm;
  // Why what is there is no classifier that this network could have, a sentence's rest; empty where nothing is wrong.
  std::string fault;
  std::vector<const TensorEntry*> used;  // all tensors that belong to it
};

// `index` holds the whole file.
Head FindHead(const Body& body, const TensorIndex& index);

// Why the classifier may not be all that follows the body, by what is left out of the body's dict: a second linear
// layer, a normalization of the features or of the input. A sentence's rest; empty where nothing of the kind is there.
std::string FindDoubt(const Body& body, const Head& head, const std::vector<const TensorEntry*>& left_out);

// fc.weight [classes, 2048] and fc.bias [classes], with the batch norm folded in where there is one, for `state`. Zeros
// for one class where there is no classifier.
Status AddHead(const Head& head, CheckpointReader& file, const TensorIndex& index, StateDict& state);

}  // namespace resnet50
