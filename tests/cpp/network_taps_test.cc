// Looking into a running network: the outputs of stages, and the classifier on each position of the last one.
#include <algorithm>
#include <cmath>

#include "network_fixture.h"
#include "quantize/channel_groups.h"
#include "quantize/equalize.h"

namespace resnet50 {
namespace {

using testing::Expect;
using testing::Take;

constexpr int kClasses = 7, kImages = 2, kHeight = 96, kWidth = 64;

class Taps : public ::testing::Test {
 protected:
  const std::map<std::string, FoldedLayer> layers_ = testing::RandomFoldedLayers(kClasses, 11);
  const std::vector<float> image_ = testing::RandomImage(12, kImages, kHeight, kWidth);
  std::unique_ptr<Network> real_ = testing::FloatNetwork(layers_, kClasses, 2);

  std::unique_ptr<Network> Int8(ActivationBits bits = ActivationBits::kSeven) {
    const RangeMap ranges = testing::CalibratedRanges(*real_, image_, kImages, kHeight, kWidth);
    return testing::Int8Network(testing::Rounded(layers_, kClasses), kClasses, ranges, bits, 2);
  }

  std::vector<Tap> Tapped(Network& network, const std::vector<std::string_view>& stages) {
    std::vector<Tap> taps;
    for (std::string_view stage : stages) taps.push_back({Take(FindStage(network.layers(), stage))});
    Expect(network.Prepare(kImages, kHeight, kWidth));
    network.SetInput(image_);
    Expect(network.Run({}, taps));
    return taps;
  }

  // Power of the difference over that of what is expected.
  static double RelativeError(const std::vector<float>& values, const std::vector<float>& expected) {
    EXPECT_EQ(values.size(), expected.size());
    double error = 0, power = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      error += std::pow(double(values[i] - expected[i]), 2);
      power += std::pow(double(expected[i]), 2);
    }
    return error / power;
  }
};

TEST_F(Taps, StagesHaveTorchvisionsNames) {
  const std::vector<Layer>& layers = real_->layers();
  for (const auto& [stage, row] : {std::pair{"relu", "conv1"},
                                   {"maxpool", "maxpool"},
                                   {"layer1", "layer1.2.add"},
                                   {"layer3.1", "layer3.1.add"},
                                   {"layer4", "layer4.2.add"},
                                   {"avgpool", "avgpool"}}) {
    EXPECT_EQ(layers[Take(FindStage(layers, stage))].name, row) << stage;
  }
  for (const char* stage : {"", "conv1", "layer", "layer5", "layer4.3", "layer1.0.conv1", "fc", "layer4.2.add"}) {
    const Result<size_t> found = FindStage(layers, stage);
    ASSERT_FALSE(found) << stage;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(Taps, AreWhatTheObserverSees) {
  Expect(real_->Prepare(kImages, kHeight, kWidth));
  for (const char* stage : {"relu", "layer2.3", "layer4"}) {
    const size_t row = Take(FindStage(real_->layers(), stage));
    const Extent extent = real_->extent(row);
    const size_t channels = size_t(real_->layers()[row].out_channels), area = extent.height * extent.width;
    std::vector<float> seen;
    std::vector<Tap> taps{{row}};
    real_->SetInput(image_);
    Expect(real_->Run(
        [&](const Layer& layer, std::span<const float> output) {
          if (layer.name == real_->layers()[row].name) seen.assign(output.begin(), output.end());
        },
        taps));
    ASSERT_EQ(taps[0].nchw.size(), seen.size());
    for (size_t n = 0; n < kImages; ++n) {
      for (size_t p = 0; p < area; ++p) {
        for (size_t c = 0; c < channels; ++c) {
          ASSERT_EQ(taps[0].nchw[(n * channels + c) * area + p], seen[(n * area + p) * channels + c]) << stage;
        }
      }
    }
  }
}

TEST_F(Taps, OfInt8AreNearThoseOfFloat) {
  const std::vector<std::string_view> stages{"relu", "maxpool", "layer1", "layer2.0", "layer4", "avgpool"};
  const std::vector<Tap> expected = Tapped(*real_, stages);
  for (ActivationBits bits : {ActivationBits::kSeven, ActivationBits::kEight}) {
    const std::vector<Tap> taps = Tapped(*Int8(bits), stages);
    for (size_t s = 0; s < stages.size(); ++s) {
      const double error = RelativeError(taps[s].nchw, expected[s].nchw);
      EXPECT_LT(error, 0.02) << stages[s] << ", " << int(bits) << " bits";
      EXPECT_GT(error, 0) << stages[s] << ": these are not the int8 network's";
    }
  }
}

TEST_F(Taps, UndoWhatEqualizationDid) {
  // Every group of channels divided by factors of its own, as the quantizer does it.
  const std::vector<Layer>& table = real_->layers();
  std::vector<FoldedLayer> weights(table.size());
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i].has_weights()) weights[i] = layers_.at(table[i].name);
  }
  Random random(5);
  std::map<std::string, std::vector<float>> factors;
  for (const ChannelGroup& group : ChannelGroups(table)) {
    std::vector<float>& own = factors[table[group.producers.front()].name];
    own.resize(size_t(group.channels));
    for (float& factor : own) factor = random.Between(0.5F, 3.0F);
    Equalize(table, group, own, weights);
  }
  std::map<std::string, FoldedLayer> equalized;
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i].has_weights()) equalized.emplace(table[i].name, weights[i]);
  }
  const std::unique_ptr<Network> divided = testing::FloatNetwork(equalized, kClasses);
  const RangeMap ranges = testing::CalibratedRanges(*divided, image_, kImages, kHeight, kWidth);
  const std::unique_ptr<Network> int8 =
      testing::Int8Network(testing::Rounded(equalized, kClasses), kClasses, ranges, ActivationBits::kSeven);
  const std::vector<std::string_view> stages{"relu", "maxpool", "layer1.0", "layer2", "layer4.1", "layer4", "avgpool"};
  const std::vector<Tap> expected = Tapped(*real_, stages);
  const auto errors = [&] {
    const std::vector<Tap> taps = Tapped(*int8, stages);
    std::vector<double> relative;
    for (size_t s = 0; s < taps.size(); ++s) relative.push_back(RelativeError(taps[s].nchw, expected[s].nchw));
    return relative;
  };
  for (double error : errors()) EXPECT_GT(error, 0.05) << "the factors would not be missed";
  for (const auto& [layer, own] : factors) {
    // In two pieces, as shards may bring them.
    const std::span<const float> all(own);
    Expect(int8->SetEqualization(layer, own.size() / 2, all.subspan(own.size() / 2)));
    Expect(int8->SetEqualization(layer, 0, all.first(own.size() / 2)));
  }
  for (double error : errors()) EXPECT_LT(error, 0.03);
}

TEST_F(Taps, FactorsThatCannotBeAreRefused) {
  const std::vector<float> two{1.0F, 2.0F}, zero{0.0F}, infinite{INFINITY}, negative{-1.0F}, none{NAN};
  EXPECT_EQ(real_->SetEqualization("fc", 0, two).error().code, ErrorCode::kWeightsMismatch);
  EXPECT_FALSE(real_->SetEqualization("layer9", 0, two));
  EXPECT_FALSE(real_->SetEqualization("conv1", 63, two));
  EXPECT_FALSE(real_->SetEqualization("conv1", ~size_t{0}, two));
  for (const std::vector<float>& factors : {zero, infinite, negative, none}) {
    EXPECT_FALSE(real_->SetEqualization("conv1", 0, factors));
  }
  EXPECT_TRUE(real_->SetEqualization("conv1", 62, two));
}

TEST_F(Taps, LeaveTheLogitsAlone) {
  const std::unique_ptr<Network> int8 = Int8();
  for (Network* network : {real_.get(), int8.get()}) {
    const std::vector<float> expected = testing::Logits(*network, image_, kImages, kHeight, kWidth);
    Tapped(*network, {"layer1"});
    EXPECT_EQ(std::vector<float>(network->logits().begin(), network->logits().end()), expected);
  }
}

TEST_F(Taps, ScoresOfPositionsAverageToTheLogits) {
  const std::unique_ptr<Network> int8 = Int8();
  for (Network* network : {real_.get(), int8.get()}) {
    const bool is_int8 = network == int8.get();
    const std::vector<float> logits = testing::Logits(*network, image_, kImages, kHeight, kWidth);
    const size_t area = 3 * 2;  // 96 x 64, thirty-second
    std::vector<double> mean(logits.size());
    size_t next = 0;
    Expect(network->ScorePositions([&](size_t position, std::span<const float> scores) {
      EXPECT_EQ(position, next++);
      for (size_t i = 0; i < kClasses; ++i) mean[position / area * kClasses + i] += double(scores[i]) / double(area);
    }));
    EXPECT_EQ(next, kImages * area);
    const float spread =
        *std::max_element(logits.begin(), logits.end()) - *std::min_element(logits.begin(), logits.end());
    // Only int8 rounds the pooled features once more.
    const double limit = is_int8 ? 0.02 : 1e-5;
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(mean[i], double(logits[i]), limit * double(spread)) << i;
    EXPECT_EQ(testing::Logits(*network, image_, kImages, kHeight, kWidth), logits) << "afterwards all is as it was";
  }
}

TEST_F(Taps, PositionsNeedARun) {
  EXPECT_EQ(real_->ScorePositions([](size_t, std::span<const float>) {}).error().code, ErrorCode::kNotReady);
}

}  // namespace
}  // namespace resnet50
