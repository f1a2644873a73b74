// Softmax and top-k against arithmetic done by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "head/top_k.h"

namespace resnet50 {
namespace {

TEST(Softmax, SumsToOneAndSurvivesLargeLogits) {
  const std::vector<double> scores = Softmax(std::vector<float>{1000.0F, 999.0F, -1000.0F});
  EXPECT_NEAR(std::accumulate(scores.begin(), scores.end(), 0.0), 1.0, 1e-15);
  EXPECT_NEAR(scores[0], 1.0 / (1.0 + std::exp(-1.0)), 1e-15);
  EXPECT_EQ(scores[2], 0.0);
  EXPECT_TRUE(Softmax({}).empty());
}

TEST(MeanSoftmax, IsTheMeanOverCrops) {
  const std::vector<float> logits{1.0F, 2.0F, 0.5F, -3.0F, 7.0F, 7.0F};
  const std::vector<double> mean = MeanSoftmax(logits, 3);
  ASSERT_EQ(mean.size(), 2U);
  const double first = (1.0 / (1.0 + std::exp(1.0)) + 1.0 / (1.0 + std::exp(-3.5)) + 0.5) / 3.0;
  EXPECT_NEAR(mean[0], first, 1e-15);
  EXPECT_NEAR(mean[1], 1.0 - first, 1e-15);
  EXPECT_EQ(MeanSoftmax(std::vector<float>{1.0F, 2.0F}, 1), Softmax(std::vector<float>{1.0F, 2.0F}));
}

std::vector<int> Indices(const std::vector<double>& scores, const TopKOptions& options) {
  std::vector<int> indices;
  for (const ScoredClass& c : TopK(scores, options)) indices.push_back(c.index);
  return indices;
}

TEST(TopK, OrdersAndFilters) {
  const std::vector<double> scores{0.1, 0.4, 0.1, 0.3, 0.1};
  EXPECT_EQ(Indices(scores, {.k = 3}), (std::vector<int>{1, 3, 0}));
  EXPECT_EQ(Indices(scores, {.k = 99}), (std::vector<int>{1, 3, 0, 2, 4}));
  EXPECT_EQ(Indices(scores, {.k = 99, .threshold = 0.3}), (std::vector<int>{1, 3}));
  EXPECT_TRUE(Indices(scores, {.k = 0}).empty());
  const std::vector<uint8_t> allowed{1, 0, 1, 0, 1};
  EXPECT_EQ(Indices(scores, {.k = 2, .allowed = allowed}), (std::vector<int>{0, 2}));
}

}  // namespace
}  // namespace resnet50
