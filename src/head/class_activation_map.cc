#include "head/class_activation_map.h"

#include <string>

namespace resnet50 {

Result<std::vector<float>> ClassActivationMap(Network& network, int index) {
  if (index < 0 || index >= network.classes()) {
    return Error{ErrorCode::kInvalidArgument, "index",
                 "must lie in 0.." + std::to_string(network.classes() - 1) + ", not " + std::to_string(index)};
  }
  std::vector<float> map;
  // Without its bias a score is the sum that is wanted.
  Status status = network.ScorePositions([&](size_t, std::span<const float> scores) {
    map.push_back(scores[size_t(index)] - network.head_bias()[size_t(index)]);
  });
  if (!status) return std::move(status).error();
  return map;
}

}  // namespace resnet50
