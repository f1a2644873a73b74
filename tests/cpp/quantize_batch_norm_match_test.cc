// Statistics that batch norm expects, on a network with random weights: whether images then have them, and whether what
// was quantized in their terms is the checkpoint's own network again.
#include <gtest/gtest.h>

#include <cmath>

#include "network_fixture.h"
#include "quantize/batch_norm_match.h"
#include "quantize/quantizer.h"

namespace resnet50::testing {
namespace {

constexpr int kClasses = 10, kSide = 64;
constexpr size_t kImages = 3;

std::vector<std::vector<float>> Images() {
  std::vector<std::vector<float>> images;
  for (uint32_t k = 0; k < kImages; ++k) images.push_back(RandomImage(k, 1, kSide, kSide));
  return images;
}

// Random layers that expect random statistics.
std::vector<FoldedLayer> Rows() {
  const std::map<std::string, FoldedLayer> layers = RandomFoldedLayers(kClasses, 3);
  const std::vector<Layer> table = ResNet50Layers(kClasses);
  std::vector<FoldedLayer> rows(table.size());
  Random random(7);
  for (size_t i = 0; i < table.size(); ++i) {
    if (!table[i].has_weights()) continue;
    rows[i] = layers.at(table[i].name);
    rows[i].factor.assign(rows[i].bias.size(), 1.0F);
    for (size_t c = 0; c < rows[i].bias.size() && table[i].kind == LayerKind::kConvolution; ++c) {
      rows[i].mean.push_back(random.Between(-0.5F, 0.5F));
      rows[i].deviation.push_back(random.Between(0.5F, 1.0F));
    }
  }
  return rows;
}

struct Sums {
  std::vector<double> mean, square;
  double count = 0.0;
};

TEST(BatchNormMatch, GivesImagesTheStatisticsThatAreExpected) {
  const std::vector<Layer> table = ResNet50Layers(kClasses);
  std::vector<FoldedLayer> rows = Rows();
  const auto pool = FloatNetwork(ByName(rows, kClasses), kClasses, 2);
  const std::vector<ChannelMap> maps = Take(MatchBatchNorm(table, rows, Images(), kSide, pool->pool()));

  // By a network made anew from the changed weights; rows without a ReLU show their sums.
  const auto network = FloatNetwork(ByName(rows, kClasses), kClasses);
  std::map<std::string, Sums> seen;
  for (const std::vector<float>& image : Images()) {
    Expect(network->Prepare(1, kSide, kSide));
    std::copy(image.begin(), image.end(), network->input_reals().begin());
    Expect(network->Run([&](const Layer& layer, std::span<const float> output) {
      if (layer.kind != LayerKind::kConvolution || layer.relu) return;
      const size_t channels = size_t(layer.out_channels);
      Sums& sums = seen[layer.name];
      sums.mean.resize(channels), sums.square.resize(channels);
      for (size_t i = 0; i < output.size(); ++i) {
        sums.mean[i % channels] += double(output[i]);
        sums.square[i % channels] += double(output[i]) * double(output[i]);
      }
      sums.count += double(output.size() / channels);
    }));
  }
  size_t checked = 0;
  for (size_t i = 0; i < table.size(); ++i) {
    if (!seen.contains(table[i].name)) continue;
    const Sums& sums = seen[table[i].name];
    for (size_t c = 0; c < sums.mean.size(); ++c) {
      const float scale = maps[i].scale[c];
      if (scale <= 0.25F || scale >= 4.0F) continue;  // at a bound, and short of what is expected
      const double mean = sums.mean[c] / sums.count;
      EXPECT_NEAR(mean, rows[i].mean[c], 2e-3) << table[i].name;
      EXPECT_NEAR(std::sqrt(sums.square[c] / sums.count - mean * mean), rows[i].deviation[c], 2e-3) << table[i].name;
      ++checked;
    }
  }
  EXPECT_GT(checked, size_t(10'000));
}

TEST(BatchNormMatch, IsTakenBackFromWhatWasQuantized) {
  const std::vector<Layer> table = ResNet50Layers(kClasses);
  const std::vector<FoldedLayer> own = Rows();
  std::vector<FoldedLayer> matched = own;
  const auto network = FloatNetwork(ByName(own, kClasses), kClasses, 2);
  const std::vector<ChannelMap> maps = Take(MatchBatchNorm(table, matched, Images(), kSide, network->pool()));
  for (size_t i = 0; i < table.size(); ++i) {
    if (matched[i].deviation.empty()) continue;
    const size_t channels = own[i].bias.size(), count = own[i].weight.size() / channels;
    // As equalization would leave it.
    std::vector<float> factors(channels);
    for (size_t c = 0; c < channels; ++c) factors[c] = float(1 + c % 3);
    std::vector<float> weights = matched[i].weight;
    QuantizedLayer layer;
    for (size_t c = 0; c < channels; ++c) {
      float largest = 0.0F;
      for (size_t k = 0; k < count; ++k) {
        weights[c * count + k] /= factors[c];
        largest = std::max(largest, std::fabs(weights[c * count + k]));
      }
      layer.scale.push_back(largest / 127.0F);
      layer.bias.push_back(matched[i].bias[c] / factors[c]);
    }
    layer.weight = RoundToNearest(weights, layer.scale);
    Unmap(maps[i], factors, layer);
    for (size_t c = 0; c < channels; ++c) {
      ASSERT_NEAR(layer.bias[c] * factors[c], own[i].bias[c], 1e-4) << table[i].name;
      for (size_t k = 0; k < count; k += 7) {
        const float weight = float(layer.weight[c * count + k]) * layer.scale[c] * factors[c];
        ASSERT_NEAR(weight, own[i].weight[c * count + k], 0.51F * layer.scale[c] * factors[c]) << table[i].name;
      }
    }
  }
}

}  // namespace
}  // namespace resnet50::testing
