// The whole quantization on a network with random weights: what it may change, what it must not, and that threads do
// not matter.
#include <gtest/gtest.h>

#include <cmath>

#include "network_fixture.h"
#include "quantize/channel_groups.h"
#include "quantize/equalize.h"
#include "quantize/quantizer.h"

namespace resnet50::testing {
namespace {

constexpr int kClasses = 10, kSide = 64, kImages = 6;

// Photos are smoother than noise, so neighbouring values go together.
std::vector<float> SmoothImage(uint32_t seed) {
  Random random(seed);
  std::vector<float> image(size_t(kSide) * kSide * 3);
  for (size_t c = 0; c < 3; ++c) {
    const float fx = random.Between(0.02F, 0.4F), fy = random.Between(0.02F, 0.4F), phase = random.Between(0.0F, 6.0F);
    for (size_t y = 0; y < kSide; ++y) {
      for (size_t x = 0; x < kSide; ++x) {
        image[(y * kSide + x) * 3 + c] =
            1.5F * std::sin(fx * float(x) + fy * float(y) + phase) + random.Between(-0.3F, 0.3F);
      }
    }
  }
  return image;
}

std::vector<float> FloatLogits(Network& network, const std::vector<float>& nhwc) {
  Expect(network.Prepare(1, kSide, kSide));
  std::copy(nhwc.begin(), nhwc.end(), network.input_reals().begin());
  Expect(network.Run());
  return {network.logits().begin(), network.logits().end()};
}

std::vector<FoldedLayer> ByRow(const std::map<std::string, FoldedLayer>& layers) {
  const std::vector<Layer> table = ResNet50Layers(kClasses);
  std::vector<FoldedLayer> rows(table.size());
  for (size_t i = 0; i < table.size(); ++i) {
    if (!table[i].has_weights()) continue;
    rows[i] = layers.at(table[i].name);
    // Channels of very different sizes, as trained networks have them.
    const size_t count = rows[i].weight.size() / rows[i].bias.size();
    for (size_t c = 0; c < rows[i].bias.size() && table[i].kind == LayerKind::kConvolution; ++c) {
      const float size = c % 7 == 0 ? 3.0F : c % 5 == 0 ? 0.2F : 1.0F;
      for (size_t k = 0; k < count; ++k) rows[i].weight[c * count + k] *= size;
    }
    rows[i].factor.assign(rows[i].bias.size(), 1.0F);
  }
  return rows;
}

struct Made {
  std::vector<FoldedLayer> rows;
  std::unique_ptr<Network> real;
  ActivationStatistics statistics{ResNet50Layers(kClasses)};
  std::unique_ptr<Quantizer> quantizer;
};

// `rows`: how many to quantize, from the first on.
Made Make(const QuantizationOptions& options, size_t threads = 1, size_t rows = 1000) {
  Made made;
  made.rows = ByRow(RandomFoldedLayers(kClasses, 3));
  made.real = FloatNetwork(ByName(made.rows, kClasses), kClasses, threads);
  for (uint32_t i = 0; i < kImages; ++i) {
    const std::vector<float> image = SmoothImage(i);
    Expect(made.real->Prepare(1, kSide, kSide));
    std::copy(image.begin(), image.end(), made.real->input_reals().begin());
    Expect(made.statistics.Observe(*made.real, 1, {kSide, kSide}));
  }
  made.quantizer = std::make_unique<Quantizer>(made.real->layers(), made.rows, made.statistics, Range{-2.0F, 2.0F},
                                               options, made.real->pool());
  made.quantizer->Prepare();
  for (uint32_t i = 0; i < kImages; ++i) made.quantizer->AddImage(SmoothImage(i), kSide);
  while (made.quantizer->rows_done() < rows && Take(made.quantizer->Step())) {
  }
  return made;
}

// Mean power of the difference of int8 and f32 logits over that of f32's, on images that calibration did not see.
double RelativeError(Made& made) {
  std::map<std::string, QuantizedLayer> layers;
  const std::vector<Layer>& table = made.real->layers();
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i].has_weights()) layers.emplace(table[i].name, made.quantizer->layer(i));
  }
  auto int8 = Int8Network(layers, kClasses, made.quantizer->ranges(), ActivationBits::kSeven);
  double signal = 0.0, noise = 0.0;
  for (uint32_t seed = 100; seed < 104; ++seed) {
    const std::vector<float> nhwc = SmoothImage(seed);
    std::vector<float> nchw(nhwc.size());
    for (size_t p = 0; p < nhwc.size() / 3; ++p) {
      for (size_t c = 0; c < 3; ++c) nchw[c * nhwc.size() / 3 + p] = nhwc[3 * p + c];
    }
    const std::vector<float> expected = FloatLogits(*made.real, nhwc);
    const std::vector<float> found = Logits(*int8, nchw, 1, kSide, kSide);
    for (size_t i = 0; i < expected.size(); ++i) {
      signal += double(expected[i]) * double(expected[i]);
      noise += double(found[i] - expected[i]) * double(found[i] - expected[i]);
    }
  }
  return noise / signal;
}

TEST(ChannelGroups, CoverEveryLayerButTheLogits) {
  const std::vector<Layer> layers = ResNet50Layers(kClasses);
  std::vector<int> produced(layers.size()), consumed(layers.size());
  for (const ChannelGroup& group : ChannelGroups(layers)) {
    for (size_t row : group.producers) {
      ++produced[row];
      EXPECT_EQ(layers[row].out_channels, group.channels);
    }
    for (size_t row : group.consumers) {
      ++consumed[row];
      EXPECT_EQ(layers[row].in_channels, group.channels);
    }
    EXPECT_FALSE(group.tensors.empty());
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i].has_weights()) continue;
    EXPECT_EQ(produced[i], layers[i].kind == LayerKind::kLinear ? 0 : 1) << layers[i].name;
    EXPECT_EQ(consumed[i], layers[i].input == kNetworkInput ? 0 : 1) << layers[i].name;
  }
}

TEST(Equalize, LeavesTheLogitsAsTheyWere) {
  const std::vector<Layer> layers = ResNet50Layers(kClasses);
  std::vector<FoldedLayer> rows = ByRow(RandomFoldedLayers(kClasses, 3));
  const std::vector<float> image = SmoothImage(1);
  const std::vector<float> before = FloatLogits(*FloatNetwork(ByName(rows, kClasses), kClasses), image);
  Random random(4);
  for (const ChannelGroup& group : ChannelGroups(layers)) {
    std::vector<float> factors(size_t(group.channels));
    for (float& f : factors) f = random.Between(0.1F, 8.0F);
    Equalize(layers, group, factors, rows);
  }
  const std::vector<float> after = FloatLogits(*FloatNetwork(ByName(rows, kClasses), kClasses), image);
  float largest = 0.0F;
  for (float v : before) largest = std::max(largest, std::fabs(v));
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-4F * largest);
}

TEST(Quantizer, LowersTheErrorOfUnseenImages) {
  QuantizationOptions options;
  options.equalize = options.compensate = options.correct_bias = false;
  options.ranges = RangeMethod::kExtremes;
  const auto error = [&] {
    Made made = Make(options);
    return RelativeError(made);
  };
  const double plain = error();
  options.ranges = RangeMethod::kSquares;
  const double squares = error();
  EXPECT_LT(squares, plain);
  options.equalize = options.correct_bias = true;
  EXPECT_LT(error(), squares);
}

TEST(Quantizer, WidensOnlyRangesOfLeastSquaresAndPooledFeaturesMost) {
  QuantizationOptions options;
  options.equalize = options.compensate = options.correct_bias = false;
  const auto reach = [](const Made& made, const char* row) { return made.quantizer->ranges().find(row)->second.max; };
  const Made narrow = Make(options);
  options.widen_ranges = true;
  const Made wide = Make(options);
  EXPECT_FLOAT_EQ(reach(wide, "conv1"), kGeneratedMargin * reach(narrow, "conv1"));
  // What was pooled has passed through a network of other ranges.
  EXPECT_NEAR(reach(wide, "avgpool") / reach(narrow, "avgpool"), kGeneratedPooledMargin, 0.2F);
  options.ranges = RangeMethod::kExtremes;
  const Made extremes = Make(options, 1, 1);
  options.widen_ranges = false;
  EXPECT_EQ(reach(Make(options, 1, 1), "conv1"), reach(extremes, "conv1"));
}

TEST(Quantizer, CompactWeightsHoldTheirSize) {
  QuantizationOptions options;
  options.compact_bits = 4.0;
  options.compensate = false;
  const Made made = Make(options);
  double bits = 0.0, weights = 0.0;
  for (size_t i = 0; i < made.rows.size(); ++i) {
    const std::vector<int8_t>& codes = made.quantizer->layer(i).weight;
    if (codes.empty()) continue;
    const std::vector<float> price = CodeBits(codes);
    for (int8_t code : codes) bits += double(price[size_t(int(code) + 127)]);
    weights += double(codes.size());
  }
  EXPECT_NEAR(bits / weights, 4.0, 0.15);
}

TEST(Quantizer, GivesTheSameBytesOnAnyNumberOfThreads) {
  for (const std::optional<double> bits : {std::optional<double>(), std::optional<double>(4.0)}) {
    QuantizationOptions options;
    options.compact_bits = bits;
    // Up to the middle of the second stage: later layers are the same but take long to factor.
    constexpr size_t kRows = 30;
    const Made one = Make(options, 1, kRows), three = Make(options, 3, kRows);
    for (size_t i = 0; i < kRows; ++i) {
      const QuantizedLayer &a = one.quantizer->layer(i), &b = three.quantizer->layer(i);
      EXPECT_TRUE(a.weight == b.weight && a.scale == b.scale && a.bias == b.bias) << one.real->layers()[i].name;
    }
    for (const auto& [name, range] : one.quantizer->ranges()) {
      const Range& other = three.quantizer->ranges().find(name)->second;
      EXPECT_TRUE(range.min == other.min && range.max == other.max) << name;
    }
  }
}

}  // namespace
}  // namespace resnet50::testing
