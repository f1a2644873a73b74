#include "network/convolution_scales.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace resnet50 {
namespace {

// An int32 accumulator of any layer stays within 2^27 (4608 products of 127 x 127); this much is left for the bias.
constexpr double kBiasLimit = 2147483647.0 - 134217728.0;

// Activations lie at most this many codes from their zero point.
constexpr double kWidestCode = 255.0;

}  // namespace

std::vector<int32_t> QuantizeBias(std::span<const float> bias, float input_scale, std::span<const float> scales,
                                  float output_scale) {
  std::vector<int32_t> codes(bias.size());
  for (size_t c = 0; c < bias.size(); ++c) {
    const double step = double(input_scale) * double(scales[c]);
    const double lowest = std::max(-kBiasLimit, RESNET50_INT8_BIAS_FLOOR * double(output_scale) / step);
    codes[c] = int32_t(std::clamp(std::nearbyint(double(bias[c]) / step), lowest, kBiasLimit));
  }
  return codes;
}

double LargestSwing(const LayerWeights& weights, const OperatorQuantization& q) {
  const size_t row = weights.quantized.size() / weights.scales.size();
  const double codes = kWidestCode / double(q.output.scale), input = double(q.input.scale) * codes;
  const double shortcut = q.adds_shortcut ? double(q.shortcut.scale) * codes : 0.0;
  double most = 0.0;
  for (size_t c = 0; c < weights.scales.size(); ++c) {
    const double scale = double(weights.scales[c]) * input;
    const double bound = double(row) * 128.0 * scale;
    if (bound + shortcut <= RESNET50_INT8_LARGEST_SWING) {
      most = std::max(most, bound);
      continue;
    }
    int64_t sum = 0;
    for (const int8_t w : weights.quantized.subspan(c * row, row)) sum += std::abs(int(w));
    most = std::max(most, double(sum) * scale);
  }
  return most + shortcut;
}

float LeastOutputScale(std::span<const int8_t> codes, std::span<const float> steps, float input_scale) {
  const size_t row = codes.size() / steps.size();
  double most = 0.0;
  for (size_t c = 0; c < steps.size(); ++c) {
    int64_t sum = 0;
    for (const int8_t w : codes.subspan(c * row, row)) sum += std::abs(int(w));
    most = std::max(most, double(sum) * double(steps[c]));
  }
  // A little more, for what float32 rounds.
  return float(1.001 * most * double(input_scale) * kWidestCode / RESNET50_INT8_LARGEST_SWING);
}

}  // namespace resnet50
