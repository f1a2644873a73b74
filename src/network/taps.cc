#include "network/taps.h"

#include <string>

namespace resnet50 {
namespace {

template <typename T, typename ToReal>
std::vector<float> Transpose(std::span<const T> nhwc, size_t n, size_t area, size_t channels, const ToReal& to_real) {
  std::vector<float> nchw(nhwc.size());
  const T* from = nhwc.data();
  for (size_t image = 0; image < n; ++image) {
    float* to = nchw.data() + image * channels * area;
    for (size_t p = 0; p < area; ++p) {
      for (size_t c = 0; c < channels; ++c) to[c * area + p] = to_real(*from++);
    }
  }
  return nchw;
}

}  // namespace

Result<size_t> FindStage(const std::vector<Layer>& layers, std::string_view name) {
  const std::string block = std::string(name) + ".";
  size_t found = layers.size();
  for (size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    const bool pool = layer.kind == LayerKind::kMaxPool || layer.kind == LayerKind::kMeanPool;
    const bool stem = name == "relu" && layer.input == kNetworkInput;
    // A stage is its last block.
    if (stem || (pool && layer.name == name) || (layer.kind == LayerKind::kAdd && layer.name.starts_with(block)))
      found = i;
  }
  if (found < layers.size()) return found;
  return Error{
      ErrorCode::kInvalidArgument, std::string(name),
      "is no stage whose output can be had: there are relu, maxpool, layer1 to layer4, their blocks (layer3.1) and "
      "avgpool; what lies between is computed in one piece with its batch norm"};
}

std::vector<float> ToNchw(std::span<const float> nhwc, size_t n, size_t area, size_t channels) {
  return Transpose(nhwc, n, area, channels, [](float value) { return value; });
}

std::vector<float> ToNchw(std::span<const int8_t> nhwc, size_t n, size_t area, size_t channels,
                          const TensorQuantization& q) {
  return Transpose(nhwc, n, area, channels, [&](int8_t byte) { return q.scale * float(q.Turn(byte) - q.zero_point); });
}

}  // namespace resnet50
