// Activations and top-k against arithmetic done by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
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

std::vector<double> MeanOf(const std::vector<float>& logits, size_t rows, Activation activation) {
  Result<std::vector<double>> mean = MeanScores(logits, rows, activation);
  EXPECT_TRUE(mean.ok());
  return mean ? std::move(mean).value() : std::vector<double>{};
}

double Sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

TEST(MeanScores, OfSoftmaxIsTheMeanOverCrops) {
  const std::vector<double> mean = MeanOf({1.0F, 2.0F, 0.5F, -3.0F, 7.0F, 7.0F}, 3, Activation::kSoftmax);
  ASSERT_EQ(mean.size(), 2U);
  const double first = (1.0 / (1.0 + std::exp(1.0)) + 1.0 / (1.0 + std::exp(-3.5)) + 0.5) / 3.0;
  EXPECT_NEAR(mean[0], first, 1e-15);
  EXPECT_NEAR(mean[1], 1.0 - first, 1e-15);
  EXPECT_EQ(MeanOf({1.0F, 2.0F}, 1, Activation::kSoftmax), Softmax(std::vector<float>{1.0F, 2.0F}));
}

TEST(MeanScores, OfSigmoidLooksAtEachClassByItself) {
  const std::vector<double> mean = MeanOf({2.0F, -1.0F, 3.0F, 0.0F}, 2, Activation::kSigmoid);
  ASSERT_EQ(mean.size(), 2U);
  EXPECT_NEAR(mean[0], (Sigmoid(2.0) + Sigmoid(3.0)) / 2.0, 1e-15);
  EXPECT_NEAR(mean[1], (Sigmoid(-1.0) + 0.5) / 2.0, 1e-15);
  EXPECT_EQ(MeanOf({3e38F, -3e38F}, 1, Activation::kSigmoid), (std::vector<double>{1.0, 0.0}));
  const std::vector<double> one = MeanOf({-0.5F}, 1, Activation::kSigmoid);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_NEAR(one[0], Sigmoid(-0.5), 1e-15);
}

TEST(MeanScores, OfNoneAreTheLogits) {
  EXPECT_EQ(MeanOf({2.0F, -1.0F, 4.0F, -8.0F}, 2, Activation::kNone), (std::vector<double>{3.0, -4.5}));
}

TEST(MeanScores, LogitsThatAreNotFiniteAreAnErrorThatNamesTheClass) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const Activation activation : {Activation::kSoftmax, Activation::kSigmoid, Activation::kNone}) {
    for (const float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
      // Of three classes, the second of the second row.
      const std::vector<float> logits{1.0F, 2.0F, 3.0F, 4.0F, bad, 5.0F};
      const Result<std::vector<double>> scores = MeanScores(logits, 2, activation);
      ASSERT_FALSE(scores.ok());
      EXPECT_EQ(scores.error().code, ErrorCode::kNotFinite);
      EXPECT_EQ(Name(scores.error().code), "NOT_FINITE");
      EXPECT_NE(scores.error().message.find("class 1"), std::string::npos) << scores.error().message;
    }
  }
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
