// A whole int8 network without a file: weights and ranges made up, ten classes. Its answers mean nothing; the paths
// through it are those of a real one.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "base/random.h"
#include "inference/session.h"
#include "targets.h"

namespace resnet50::fuzz {

inline constexpr int kClasses = 10;

inline NetworkOptions SyntheticOptions() {
  NetworkOptions options;
  options.classes = kClasses;
  options.ranges.emplace(kInputName, Range{-2.2F, 2.7F});
  for (const Layer& layer : ResNet50Layers(kClasses)) options.ranges.emplace(layer.name, Range{-4.0F, 4.0F});
  return options;
}

inline std::unique_ptr<Network> EmptyNetwork() {
  Result<std::unique_ptr<Network>> network = Network::Create(SyntheticOptions());
  Check(network.ok(), "the synthetic network can be created");
  return std::move(network).value();
}

inline std::unique_ptr<InferenceSession> SyntheticSession() {
  Result<std::unique_ptr<InferenceSession>> session = InferenceSession::Create(SyntheticOptions());
  Check(session.ok(), "the synthetic network can be created");
  Random random(1);
  for (const Layer& layer : ResNet50Layers(kClasses)) {
    if (!layer.has_weights()) continue;
    std::vector<int8_t> weights(layer.weight_count());
    for (int8_t& weight : weights) weight = int8_t(int(random.Next() % 255U) - 127);
    const size_t channels = size_t(layer.out_channels);
    const float fan_in = float(layer.weight_count()) / float(channels);
    const std::vector<float> scales(channels, 0.02F / std::sqrt(fan_in)), bias(channels, 0.01F);
    LayerWeights packed;
    packed.quantized = weights;
    packed.scales = scales;
    packed.bias = bias;
    Check(session.value()->network().SetWeights(layer.name, packed).ok(), "the synthetic weights fit");
  }
  return std::move(session).value();
}

}  // namespace resnet50::fuzz
