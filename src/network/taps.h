// Looking into a running network: which rows have names that users of torchvision know, and their outputs as torch lays
// them out. Knows nothing of how rows run.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/quantization.h"
#include "network/topology.h"

namespace resnet50 {

// A row whose output Run copies while it is there: later rows reuse its memory.
struct Tap {
  size_t row;
  std::vector<float> nchw = {};  // [n, channels, height, width]; dequantized where the network is int8
};

// The row of a stage by the name that torchvision's create_feature_extractor knows it by: relu (the stem), maxpool,
// layer3 (a stage), layer3.1 (a block), avgpool. Errors: kInvalidArgument, naming these.
Result<size_t> FindStage(const std::vector<Layer>& layers, std::string_view name);

// NHWC of n images, `area` positions each -> NCHW.
std::vector<float> ToNchw(std::span<const float> nhwc, size_t n, size_t area, size_t channels);
std::vector<float> ToNchw(std::span<const int8_t> nhwc, size_t n, size_t area, size_t channels,
                          const TensorQuantization& quantization);

}  // namespace resnet50
