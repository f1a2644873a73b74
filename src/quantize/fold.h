// Batch-norm folding: a convolution and the batch norm behind it become one convolution with a bias. Knows tensors by
// torchvision's names, not where they come from.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "network/topology.h"

namespace resnet50 {

// Values of a state-dict entry in torch's own (row-major) order.
using TensorSource = std::function<Result<std::vector<float>>(const std::string& name)>;

// A layer as the network takes it.
struct FoldedLayer {
  std::vector<float> weight;  // OHWI
  std::vector<float> bias;    // [output channels]
  // What batch norm multiplied each output channel by; 1 for fc.
  std::vector<float> factor = {};
  // What training saw of the sums, by output channel; empty for fc, and where batch norm has no statistics.
  std::vector<float> mean = {};
  std::vector<float> deviation = {};
};

// torch.nn.BatchNorm2d's default; torchvision's ResNet-50 never changes it.
inline constexpr double kBatchNormEpsilon = 1e-5;

// weight' = weight * gamma / sqrt(var + eps), bias' = beta - mean * gamma / sqrt(var + eps), in double, rounded once.
// fc is taken as it is. Errors are the source's, or kCheckpointMismatch where a folded value is not finite.
Result<FoldedLayer> FoldLayer(const Layer& layer, const TensorSource& source);

}  // namespace resnet50
