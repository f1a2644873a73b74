// Networks with random weights for the tests: an f32 one, its calibrated ranges, and the int8 one made from it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "network/network.h"
#include "network/random_weights.h"
#include "quantize/error_compensation.h"
#include "quantize/fold.h"
#include "quantize/quantized_layer.h"
#include "quantize/weight_grid.h"

namespace resnet50::testing {

inline std::vector<float> RandomImage(uint32_t seed, int n, int height, int width) {
  Random random(seed);
  std::vector<float> nchw(size_t(n) * size_t(height) * size_t(width) * 3);
  for (float& v : nchw) v = random.Between(-2.0F, 2.0F);
  return nchw;
}

template <typename T>
T Take(Result<T> result) {
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().subject + ": " + result.error().message);
  return std::move(result).value();
}

inline void Expect(const Status& status) {
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().subject + ": " + status.error().message);
}

// Folded weights whose activations neither vanish nor grow: He-scaled, the last convolution of a block damped as a
// trained network's is.
inline std::map<std::string, FoldedLayer> RandomFoldedLayers(int classes, uint32_t seed) {
  Random random(seed);
  std::map<std::string, FoldedLayer> layers;
  for (const Layer& layer : ResNet50Layers(classes)) {
    if (!layer.has_weights()) continue;
    FoldedLayer folded;
    const float fan_in = float(layer.weight_count()) / float(layer.out_channels);
    const float bound = std::sqrt(6.0F / fan_in) * (layer.name.ends_with("conv3") ? 0.3F : 1.0F);
    folded.weight.resize(layer.weight_count());
    for (float& w : folded.weight) w = random.Between(-bound, bound);
    folded.bias.resize(size_t(layer.out_channels));
    for (float& b : folded.bias) b = random.Between(-0.1F, 0.1F);
    layers.emplace(layer.name, std::move(folded));
  }
  return layers;
}

// The same by name, of one entry for each row of the table.
inline std::map<std::string, FoldedLayer> ByName(const std::vector<FoldedLayer>& rows, int classes) {
  const std::vector<Layer> table = ResNet50Layers(classes);
  std::map<std::string, FoldedLayer> layers;
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i].has_weights()) layers.emplace(table[i].name, rows[i]);
  }
  return layers;
}

inline std::unique_ptr<Network> FloatNetwork(const std::map<std::string, FoldedLayer>& layers, int classes,
                                             size_t threads = 1, ThreadWatch::Clock clock = nullptr) {
  NetworkOptions options;
  options.classes = classes;
  options.precision = Precision::kFloat32;
  options.threads = threads;
  options.clock = clock;
  auto network = Take(Network::Create(std::move(options)));
  for (const auto& [name, folded] : layers) {
    LayerWeights weights;
    weights.real = folded.weight;
    weights.bias = folded.bias;
    Expect(network->SetWeights(name, weights));
  }
  return network;
}

inline RangeMap CalibratedRanges(Network& network, const std::vector<float>& nchw, int n, int height, int width) {
  RangeMap ranges;
  Expect(network.Prepare(n, height, width));
  network.SetInput(nchw);
  Expect(network.Run([&](const Layer& layer, std::span<const float> output) {
    const auto [low, high] = std::minmax_element(output.begin(), output.end());
    ranges[layer.name] = {*low, *high};
  }));
  ranges[kInputName] = {-2.0F, 2.0F};
  return ranges;
}

inline std::map<std::string, QuantizedLayer> Rounded(const std::map<std::string, FoldedLayer>& layers, int classes) {
  std::map<std::string, QuantizedLayer> rounded;
  for (const Layer& layer : ResNet50Layers(classes)) {
    if (!layer.has_weights()) continue;
    const FoldedLayer& folded = layers.at(layer.name);
    const std::vector<float> steps = FineSteps(folded);
    rounded.emplace(layer.name, QuantizedLayer{RoundToNearest(folded.weight, steps), steps, folded.bias});
  }
  return rounded;
}

inline std::unique_ptr<Network> Int8Network(const std::map<std::string, QuantizedLayer>& layers, int classes,
                                            const RangeMap& ranges, ActivationBits bits, size_t threads = 1,
                                            ThreadWatch::Clock clock = nullptr) {
  NetworkOptions options;
  options.classes = classes;
  options.activation_bits = bits;
  options.threads = threads;
  options.clock = clock;
  options.ranges = ranges;
  auto network = Take(Network::Create(std::move(options)));
  for (const auto& [name, quantized] : layers) {
    LayerWeights weights;
    weights.quantized = quantized.weight;
    weights.scales = quantized.scale;
    weights.bias = quantized.bias;
    Expect(network->SetWeights(name, weights));
  }
  return network;
}

inline std::vector<float> Logits(Network& network, const std::vector<float>& nchw, int n, int height, int width) {
  Expect(network.Prepare(n, height, width));
  network.SetInput(nchw);
  Expect(network.Run());
  return {network.logits().begin(), network.logits().end()};
}

}  // namespace resnet50::testing
