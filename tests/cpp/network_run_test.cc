// The network as a whole: batches, sizes, threads and precisions agree, and misuse is an error by value.
#include <algorithm>
#include <cmath>

#include "network_fixture.h"

namespace resnet50::testing {
namespace {

constexpr int kClasses = 12;

class NetworkRun : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    layers_ = new auto(RandomFoldedLayers(kClasses, 7));
    rounded_ = new auto(Rounded(*layers_, kClasses));
    image_ = new auto(RandomImage(1, 1, 64, 64));
    auto network = FloatNetwork(*layers_, kClasses);
    ranges_ = new RangeMap(CalibratedRanges(*network, *image_, 1, 64, 64));
  }
  static void TearDownTestSuite() {
    delete layers_;
    delete rounded_;
    delete image_;
    delete ranges_;
  }
  static std::map<std::string, FoldedLayer>* layers_;
  static std::map<std::string, QuantizedLayer>* rounded_;
  static std::vector<float>* image_;
  static RangeMap* ranges_;
};
std::map<std::string, FoldedLayer>* NetworkRun::layers_;
std::map<std::string, QuantizedLayer>* NetworkRun::rounded_;
std::vector<float>* NetworkRun::image_;
RangeMap* NetworkRun::ranges_;

TEST_F(NetworkRun, Int8StaysCloseToFloat) {
  auto real = FloatNetwork(*layers_, kClasses);
  const std::vector<float> want = Logits(*real, *image_, 1, 64, 64);
  double power = 0;
  for (float v : want) power += double(v) * double(v);
  for (ActivationBits bits : {ActivationBits::kSeven, ActivationBits::kEight}) {
    auto int8 = Int8Network(*rounded_, kClasses, *ranges_, bits);
    const std::vector<float> have = Logits(*int8, *image_, 1, 64, 64);
    double error = 0;
    for (size_t i = 0; i < want.size(); ++i) error += std::pow(double(have[i]) - double(want[i]), 2);
    EXPECT_LT(std::sqrt(error / power), bits == ActivationBits::kSeven ? 0.08 : 0.05);
    EXPECT_GT(error, 0);
  }
}

TEST_F(NetworkRun, ABatchGivesTheBitsOfItsImages) {
  const std::vector<float> batch = RandomImage(3, 3, 64, 64);
  const size_t one = batch.size() / 3;
  for (bool int8 : {true, false}) {
    auto network =
        int8 ? Int8Network(*rounded_, kClasses, *ranges_, ActivationBits::kSeven) : FloatNetwork(*layers_, kClasses);
    const std::vector<float> together = Logits(*network, batch, 3, 64, 64);
    std::vector<float> apart;
    for (size_t i = 0; i < 3; ++i) {
      const std::vector<float> image(batch.begin() + ptrdiff_t(i * one), batch.begin() + ptrdiff_t((i + 1) * one));
      const std::vector<float> logits = Logits(*network, image, 1, 64, 64);
      apart.insert(apart.end(), logits.begin(), logits.end());
    }
    EXPECT_EQ(together, apart) << (int8 ? "int8" : "f32");
  }
}

TEST_F(NetworkRun, ThreadsDoNotChangeBits) {
  for (bool int8 : {true, false}) {
    std::vector<std::vector<float>> logits;
    for (size_t threads : {1, 2, 3}) {
      auto network = int8 ? Int8Network(*rounded_, kClasses, *ranges_, ActivationBits::kSeven, threads)
                          : FloatNetwork(*layers_, kClasses, threads);
      logits.push_back(Logits(*network, *image_, 1, 64, 64));
    }
    EXPECT_EQ(logits[0], logits[1]);
    EXPECT_EQ(logits[0], logits[2]);
  }
}

TEST_F(NetworkRun, SizesMayChangeBetweenRuns) {
  auto network = Int8Network(*rounded_, kClasses, *ranges_, ActivationBits::kSeven);
  const std::vector<float> before = Logits(*network, *image_, 1, 64, 64);
  for (const auto& [height, width] : {std::pair{32, 32}, {33, 65}, {96, 40}}) {
    const std::vector<float> odd = Logits(*network, RandomImage(5, 2, height, width), 2, height, width);
    EXPECT_EQ(odd.size(), 2U * kClasses);
    EXPECT_TRUE(std::all_of(odd.begin(), odd.end(), [](float v) { return std::isfinite(v); }));
  }
  EXPECT_EQ(Logits(*network, *image_, 1, 64, 64), before);
}

TEST_F(NetworkRun, ForgottenWeightsAreMissingUntilTheyAreSetAnew) {
  auto network = FloatNetwork(*layers_, kClasses);
  const std::vector<float> before = Logits(*network, *image_, 1, 64, 64);
  network->ForgetWeights();
  EXPECT_EQ(network->arena_bytes(), 0U);
  EXPECT_EQ(network->MissingLayers().size(), 54U);
  EXPECT_EQ(network->Prepare(1, 64, 64).error().code, ErrorCode::kNotReady);
  for (const auto& [name, layer] : *layers_) {
    LayerWeights weights;
    weights.real = layer.weight;
    weights.bias = layer.bias;
    Expect(network->SetWeights(name, weights));
  }
  EXPECT_EQ(Logits(*network, *image_, 1, 64, 64), before);
}

TEST_F(NetworkRun, RefusesWhatDoesNotFit) {
  NetworkOptions options;
  options.classes = kClasses;
  options.ranges = *ranges_;
  auto network = Take(Network::Create(options));
  EXPECT_EQ(network->MissingLayers().size(), 54U);
  EXPECT_EQ(network->Prepare(1, 64, 64).error().code, ErrorCode::kNotReady);
  EXPECT_EQ(network->Run().error().code, ErrorCode::kNotReady);

  const QuantizedLayer& stem = rounded_->at("conv1");
  LayerWeights weights;
  weights.quantized = stem.weight;
  weights.scales = stem.scale;
  weights.bias = stem.bias;
  EXPECT_EQ(network->SetWeights("conv7", weights).error().code, ErrorCode::kWeightsMismatch);
  EXPECT_EQ(network->SetWeights("fc", weights).error().subject, "fc");
  std::vector<float> scales = stem.scale;
  scales[3] = 0.0F;
  weights.scales = scales;
  EXPECT_EQ(network->SetWeights("conv1", weights).error().code, ErrorCode::kWeightsMismatch);
  weights.scales = stem.scale;
  std::vector<float> bias = stem.bias;
  bias[0] = NAN;
  weights.bias = bias;
  EXPECT_EQ(network->SetWeights("conv1", weights).error().code, ErrorCode::kWeightsMismatch);
  weights.bias = stem.bias;
  Expect(network->SetWeights("conv1", weights));
  EXPECT_EQ(network->MissingLayers().front(), "layer1.0.conv1");

  auto whole = Int8Network(*rounded_, kClasses, *ranges_, ActivationBits::kSeven);
  for (const auto& [n, height, width] : {std::tuple{0, 64, 64}, {1, 31, 64}, {1, 64, 5000}, {300, 64, 64}}) {
    EXPECT_EQ(whole->Prepare(n, height, width).error().code, ErrorCode::kInvalidArgument);
  }
  // After all these errors the network still answers.
  EXPECT_EQ(Logits(*whole, *image_, 1, 64, 64).size(), size_t(kClasses));
}

TEST_F(NetworkRun, RangesAreChecked) {
  NetworkOptions options;
  options.classes = kClasses;
  options.ranges = *ranges_;
  options.ranges.erase("layer3.2.conv2");
  EXPECT_EQ(Network::Create(options).error().subject, "layer3.2.conv2");
  options.ranges["layer3.2.conv2"] = {0.0F, INFINITY};
  EXPECT_EQ(Network::Create(options).error().code, ErrorCode::kWeightsMismatch);
  // A tensor that is all but constant, beside large ones, only gets coarser codes.
  options.ranges["layer3.2.conv2"] = {0.0F, 0.0F};
  options.ranges["layer2.0.downsample.0"] = {-1e-9F, 1e-9F};
  options.ranges["layer1.1.add"] = {0.0F, 1e-7F};
  EXPECT_TRUE(Network::Create(options).ok());
}

// What the rounding of the kernels cannot take is kept from them (RESNET50_INT8_LARGEST_SWING and _BIAS_FLOOR).
TEST_F(NetworkRun, SumsStayWhereTheyCanBeRounded) {
  auto logits = [&](float bias) {
    auto rounded = *rounded_;
    for (const char* name : {"layer1.0.conv1", "layer2.1.conv3", "layer3.0.downsample.0"}) {
      for (size_t c = 0; c < rounded.at(name).bias.size(); c += 3) rounded.at(name).bias[c] = bias;
    }
    auto network = Int8Network(rounded, kClasses, *ranges_, ActivationBits::kSeven);
    return Logits(*network, *image_, 1, 64, 64);
  };
  // Channels that lie below all codes do so however far they are, and likewise above.
  const std::vector<float> low = logits(-1e5F), high = logits(1e5F);
  for (const float bias : {-3e7F, -3e38F}) EXPECT_EQ(logits(bias), low) << bias;
  for (const float bias : {3e7F, 3e38F}) EXPECT_EQ(logits(bias), high) << bias;
  EXPECT_NE(low, high);

  // Weights that could move a sum that far are refused by name.
  auto network = Int8Network(*rounded_, kClasses, *ranges_, ActivationBits::kSeven);
  const QuantizedLayer& layer = rounded_->at("layer4.1.conv2");
  LayerWeights weights;
  weights.quantized = layer.weight;
  weights.bias = layer.bias;
  std::vector<float> scales = layer.scale;
  weights.scales = scales;
  Expect(network->SetWeights("layer4.1.conv2", weights));
  scales[5] *= 1e4F;
  const Status status = network->SetWeights("layer4.1.conv2", weights);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kWeightsMismatch);
  EXPECT_EQ(status.error().subject, "layer4.1.conv2");
}

TEST_F(NetworkRun, SeveralNetworksLiveSideBySide) {
  auto a = Int8Network(*rounded_, kClasses, *ranges_, ActivationBits::kSeven, 2);
  auto b = FloatNetwork(*layers_, kClasses, 2);
  const std::vector<float> first = Logits(*a, *image_, 1, 64, 64);
  const std::vector<float> second = Logits(*b, *image_, 1, 64, 64);
  b.reset();
  EXPECT_EQ(Logits(*a, *image_, 1, 64, 64), first);
  EXPECT_NE(first, second);
}

TEST(RandomWeights, AreTheSameForTheSameSeed) {
  NetworkOptions options;
  options.classes = kClasses;
  options.precision = Precision::kFloat32;
  std::vector<std::vector<float>> logits;
  for (uint32_t seed : {4U, 4U, 5U}) {
    auto network = Take(Network::Create(options));
    Expect(InitializeRandomly(*network, seed));
    logits.push_back(Logits(*network, RandomImage(1, 1, 32, 32), 1, 32, 32));
  }
  EXPECT_EQ(logits[0], logits[1]);
  EXPECT_NE(logits[0], logits[2]);
  EXPECT_TRUE(std::all_of(logits[0].begin(), logits[0].end(), [](float v) { return std::isfinite(v); }));
}

}  // namespace
}  // namespace resnet50::testing
