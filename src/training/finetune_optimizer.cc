#include "training/finetune_optimizer.h"

#include <algorithm>
#include <cmath>

#include "network/parallel.h"

namespace resnet50 {
namespace {

constexpr float kMeanDecay = 0.9F;
constexpr float kSquareDecay = 0.99F;  // trainings of a few hundred steps
constexpr float kEpsilon = 1e-12F;
constexpr float kWeightDecay = 0.05F;  // times the rate
constexpr float kLeastBias = 1e-3F;    // of the layer's weights

float RootMeanSquare(std::span<const float> values) {
  double sum = 0.0;
  for (float v : values) sum += double(v) * double(v);
  return float(std::sqrt(sum / double(values.size())));
}

}  // namespace

FinetuneOptimizer::FinetuneOptimizer(const std::vector<Layer4Parameter>& parameters, std::span<const float> values)
    : mean_(values.size()), square_(values.size()) {
  float weights = 0.0F;  // of the layer whose bias comes next
  for (const Layer4Parameter& parameter : parameters) {
    const float all = RootMeanSquare(values.subspan(parameter.first, parameter.count));
    if (parameter.is_bias) {
      channels_.push_back({parameter.first, parameter.count, std::max(all, kLeastBias * weights)});
      continue;
    }
    weights = all;
    const size_t row = parameter.count / parameter.channels;
    for (size_t c = 0; c < parameter.channels; ++c) {
      const size_t first = parameter.first + c * row;
      channels_.push_back({first, row, RootMeanSquare(values.subspan(first, row))});
    }
  }
}

void FinetuneOptimizer::Step(std::span<float> values, std::span<const float> gradients, double rate,
                             const ThreadPool& pool) {
  ++steps_;
  const float mean_unit = 1.0F / (1.0F - std::pow(kMeanDecay, float(steps_)));
  const float square_unit = 1.0F / (1.0F - std::pow(kSquareDecay, float(steps_)));
  ParallelFor(pool, channels_.size(), [&](size_t k) {
    const Channel& channel = channels_[k];
    const float step = float(rate) * channel.size, kept = 1.0F - float(rate) * kWeightDecay;
    for (size_t i = channel.first; i < channel.first + channel.count; ++i) {
      mean_[i] = kMeanDecay * mean_[i] + (1.0F - kMeanDecay) * gradients[i];
      square_[i] = kSquareDecay * square_[i] + (1.0F - kSquareDecay) * gradients[i] * gradients[i];
      values[i] = values[i] * kept - step * mean_[i] * mean_unit / (std::sqrt(square_[i] * square_unit) + kEpsilon);
    }
  });
}

}  // namespace resnet50
