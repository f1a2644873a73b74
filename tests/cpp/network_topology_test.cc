// The table against torchvision's published facts, and the memory plan against its own promise.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.h"
#include "network/activation_plan.h"
#include "network/input_layout.h"
#include "network/quantization.h"
#include "network/topology.h"

namespace resnet50 {
namespace {

int64_t Count(const ParameterSpec& spec) {
  return std::accumulate(spec.shape.begin(), spec.shape.end(), int64_t(1), std::multiplies<>());
}

TEST(Topology, CountsWhatTorchvisionCounts) {
  int64_t trainable = 0;
  const std::vector<ParameterSpec> specs = ResNet50Parameters(1000);
  for (const ParameterSpec& spec : specs) trainable += spec.trainable ? Count(spec) : 0;
  EXPECT_EQ(trainable, 25'557'032);
  EXPECT_EQ(specs.size(), 320U);
}

TEST(Topology, MultipliesWhatTorchvisionMultiplies) {
  double macs = 0;
  int convolutions = 0, additions = 0;
  std::vector<int> sides;
  const std::vector<Layer> layers = ResNet50Layers(1000);
  for (const Layer& layer : layers) {
    sides.push_back(OutputSize(layer, layer.input == kNetworkInput ? 224 : sides[size_t(layer.input)]));
    if (layer.has_weights()) macs += double(layer.weight_count()) * sides.back() * sides.back();
    convolutions += layer.kind == LayerKind::kConvolution;
    additions += layer.kind == LayerKind::kAdd;
  }
  EXPECT_NEAR(macs / 1e9, 4.089, 0.0005);  // weights.meta["_ops"]
  EXPECT_EQ(convolutions, 53);
  EXPECT_EQ(additions, 16);
  EXPECT_EQ(layers.size(), 72U);
  EXPECT_EQ(layers.back().name, "fc");
}

TEST(Topology, RowsReadOnlyEarlierRows) {
  const std::vector<Layer> layers = ResNet50Layers(10);
  for (int i = 0; i < int(layers.size()); ++i) {
    EXPECT_LT(layers[size_t(i)].input, i);
    EXPECT_LT(layers[size_t(i)].shortcut, i);
    EXPECT_EQ(layers[size_t(i)].shortcut >= 0, layers[size_t(i)].kind == LayerKind::kAdd);
  }
}

TEST(ActivationPlan, TensorsThatLiveTogetherDoNotOverlap) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<TensorLifetime> tensors(1 + random.Next() % 40);
    for (TensorLifetime& t : tensors) {
      const int first = int(random.Next() % 50);
      t = {random.Next() % 5000, first, first + int(random.Next() % 8)};
    }
    const ActivationPlan plan = PlanActivations(tensors, 16);
    for (size_t a = 0; a < tensors.size(); ++a) {
      EXPECT_EQ(plan.offsets[a] % 64, 0U);
      EXPECT_LE(plan.offsets[a] + tensors[a].bytes + 16, plan.arena_bytes);
      for (size_t b = 0; b < a; ++b) {
        const bool together = tensors[a].first <= tensors[b].last && tensors[b].first <= tensors[a].last;
        const bool apart = plan.offsets[a] + tensors[a].bytes + 16 <= plan.offsets[b] ||
                           plan.offsets[b] + tensors[b].bytes + 16 <= plan.offsets[a];
        EXPECT_TRUE(!together || apart);
      }
    }
  }
}

TEST(Quantization, ZeroIsExactAndRangesAreCovered) {
  for (const Range range :
       {Range{-3.0F, 5.0F}, Range{0.0F, 7.0F}, Range{-2.0F, -1.0F}, Range{0.5F, 0.5F}, Range{0.0F, 0.0F}}) {
    const TensorQuantization full = QuantizeFull(range);
    EXPECT_LE(float(full.min - full.zero_point) * full.scale, range.min + full.scale);
    EXPECT_GE(float(full.max - full.zero_point) * full.scale, range.max - full.scale);
    const InputQuantization input = QuantizeInput(range);
    EXPECT_EQ(input.zero_point % 2, 0);
    EXPECT_EQ(QuantizeInputValue(0.0F, input), input.zero_point);
    EXPECT_EQ(QuantizeInputValue(NAN, input), input.zero_point);
    for (float edge : {range.min, range.max}) {
      EXPECT_NEAR(float(QuantizeInputValue(edge, input) - input.zero_point) * input.scale, edge, input.scale * 0.51F);
    }
  }
  const TensorQuantization seven = QuantizeNonNegative({-1.0F, 12.7F}, ActivationBits::kSeven);
  EXPECT_EQ(seven.zero_point, 0);
  EXPECT_EQ(seven.min, 0);
  EXPECT_EQ(seven.max, 127);
  EXPECT_FLOAT_EQ(seven.scale, 0.1F);
}

}  // namespace
}  // namespace resnet50
