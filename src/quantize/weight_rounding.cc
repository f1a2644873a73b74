#include "quantize/weight_rounding.h"

#include <algorithm>
#include <cmath>

namespace resnet50 {
namespace {

constexpr float kCodes = 127.0F;
constexpr float kSmallestScale = 1e-30F;
constexpr float kLargestBiasCode = 1e9F;  // of the 2^31 that an accumulator holds

}  // namespace

QuantizedLayer RoundWeights(const Layer& layer, const FoldedLayer& folded, float input_scale) {
  const size_t channels = size_t(layer.out_channels);
  const size_t row = folded.weight.size() / channels;
  QuantizedLayer quantized{std::vector<int8_t>(folded.weight.size()), std::vector<float>(channels), folded.bias};
  for (size_t c = 0; c < channels; ++c) {
    const float* weights = folded.weight.data() + c * row;
    float largest = 0.0F;
    for (size_t i = 0; i < row; ++i) largest = std::max(largest, std::fabs(weights[i]));
    const float for_bias = std::fabs(folded.bias[c]) / (input_scale * kLargestBiasCode);
    const float scale = std::max({largest / kCodes, for_bias, kSmallestScale});
    quantized.scale[c] = scale;
    for (size_t i = 0; i < row; ++i) {
      quantized.weight[c * row + i] = int8_t(std::clamp(std::nearbyint(weights[i] / scale), -kCodes, kCodes));
    }
  }
  return quantized;
}

}  // namespace resnet50
