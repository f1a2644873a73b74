// The class activation map of a network with known weights.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <utility>

#include "head/class_activation_map.h"
#include "network/random_weights.h"

namespace resnet50 {
namespace {

constexpr int kClasses = 5;

std::unique_ptr<Network> RandomNetwork() {
  NetworkOptions options;
  options.classes = kClasses;
  options.precision = Precision::kFloat32;
  std::unique_ptr<Network> network = std::move(Network::Create(std::move(options))).value();
  EXPECT_TRUE(InitializeRandomly(*network, 3));
  return network;
}

TEST(ClassActivationMap, ItsMeanAndTheBiasMakeTheLogit) {
  const std::unique_ptr<Network> network = RandomNetwork();
  ASSERT_TRUE(network->Prepare(1, 64, 96));
  network->SetInput(std::vector<float>(3 * 64 * 96, 0.5F));
  ASSERT_TRUE(network->Run());
  for (int index = 0; index < kClasses; ++index) {
    const Result<std::vector<float>> map = ClassActivationMap(*network, index);
    ASSERT_TRUE(map) << map.error().message;
    ASSERT_EQ(map->size(), 2U * 3U);
    double mean = 0;
    for (float value : map.value()) mean += double(value) / 6;
    const float logit = network->logits()[size_t(index)];
    EXPECT_NEAR(mean + double(network->head_bias()[size_t(index)]), double(logit),
                1e-5 * std::abs(double(logit)) + 1e-5);
  }
}

TEST(ClassActivationMap, NeedsAClassThatExistsAndARun) {
  const std::unique_ptr<Network> network = RandomNetwork();
  EXPECT_EQ(ClassActivationMap(*network, 0).error().code, ErrorCode::kNotReady);
  for (int index : {-1, kClasses, 2147483647}) {
    const Result<std::vector<float>> map = ClassActivationMap(*network, index);
    ASSERT_FALSE(map);
    EXPECT_EQ(map.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(map.error().subject, "index");
  }
}

}  // namespace
}  // namespace resnet50
