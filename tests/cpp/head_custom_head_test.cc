// Heads of the user's own against arithmetic done by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "head/custom_head.h"
#include "head/top_k.h"

namespace resnet50 {
namespace {

using Floats = std::vector<float>;

template <typename Head>
Floats Logits(const Head& head, const Floats& embedding) {
  Floats logits(size_t(head.classes()));
  head.Score(embedding, logits);
  return logits;
}

TEST(LinearHead, IsWeightTimesEmbeddingPlusBias) {
  const LinearHead head = LinearHead::Create({1, 2, 3, -1, 0, 0.5F}, {10, -20}, 3).value();
  EXPECT_EQ(Logits(head, {1, 1, 2}), (Floats{19, -20}));
  EXPECT_EQ(head.Direction(Floats{1, 1, 2}, 1), (Floats{-1, 0, 0.5F}));
}

TEST(LinearHead, RefusesWhatDoesNotFit) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(LinearHead::Create({}, {}, 3).error().subject, "fc.weight");
  EXPECT_EQ(LinearHead::Create({1, 2, 3, 4}, {1, 2}, 3).error().message, "has 4 numbers, not 2 x 3");
  EXPECT_EQ(LinearHead::Create({1, nan, 3}, {1}, 3).error().subject, "fc.weight");
  EXPECT_EQ(LinearHead::Create({1, 2, 3}, {nan}, 3).error().subject, "fc.bias");
}

// Examples at 0, 30, 60 and 180 degrees; the third has another length, which must not matter.
NearestNeighbours Circle(int k) {
  const float half = 0.5F, high = std::sqrt(0.75F);
  return NearestNeighbours::Create({1, 0, high, half, 7 * half, 7 * high, -1, 0}, std::vector<int32_t>{0, 1, 1, 2}, 2,
                                   3, k)
      .value();
}

TEST(NearestNeighbours, VotesByDistance) {
  const auto at = [](double degrees) {
    return Floats{float(3 * std::cos(degrees * M_PI / 180)), float(3 * std::sin(degrees * M_PI / 180))};
  };
  const auto weight = [](double degrees) { return 1 / (1 - std::cos(degrees * M_PI / 180)); };
  const std::vector<double> one = Softmax(Logits(Circle(1), at(10)));
  EXPECT_NEAR(one[0], 1, 1e-12);
  const std::vector<double> three = Softmax(Logits(Circle(3), at(10)));
  const double own = weight(10), others = weight(20) + weight(50);
  EXPECT_NEAR(three[0], own / (own + others), 1e-5);
  EXPECT_NEAR(three[1], others / (own + others), 1e-5);
  EXPECT_NEAR(three[2], 0, 1e-12);
  const std::vector<double> four = Softmax(Logits(Circle(4), at(10)));
  EXPECT_NEAR(four[2], weight(170) / (own + others + weight(170)), 1e-5);
}

TEST(NearestNeighbours, AnEqualExampleDecidesAlone) {
  const std::vector<double> scores = Softmax(Logits(Circle(4), {-2, 0}));
  EXPECT_NEAR(scores[2], 1, 1e-6);
}

TEST(NearestNeighbours, DirectionIsTheSumOfVoters) {
  const Floats embedding{3, 0.5F};
  const Floats both = Circle(3).Direction(embedding, 1);
  EXPECT_NEAR(both[0], std::sqrt(0.75) + 0.5, 1e-6);
  EXPECT_NEAR(both[1], std::sqrt(0.75) + 0.5, 1e-6);
  EXPECT_EQ(Circle(1).Direction(embedding, 2), (Floats{-1, 0})) << "without a vote, the one most alike";
}

TEST(NearestNeighbours, KnowsZeroVectors) {
  const NearestNeighbours head = NearestNeighbours::Create({0, 0, 1, 0}, std::vector<int32_t>{0, 1}, 2, 2, 2).value();
  for (const float v : Logits(head, {0, 0})) EXPECT_NEAR(v, std::log(0.5), 1e-6);
}

TEST(NearestNeighbours, RefusesByName) {
  const auto fails = [](Floats embeddings, const std::vector<int32_t>& labels, int k) {
    const Result<NearestNeighbours> made = NearestNeighbours::Create(std::move(embeddings), labels, 2, 2, k);
    return made ? std::string() : made.error().subject;
  };
  EXPECT_EQ(fails({1, 2, 3, 4}, {0, 1}, 2), "");
  EXPECT_EQ(fails({}, {}, 1), "examples");
  EXPECT_EQ(fails({1, 2, 3}, {0, 1}, 1), "examples");
  EXPECT_EQ(fails({1, 2, 3, 4}, {0, 2}, 1), "example 1");
  EXPECT_EQ(fails({1, 2, 3, std::numeric_limits<float>::infinity()}, {0, 1}, 1), "example 1");
  EXPECT_EQ(fails({1, 2, 3, 4}, {0, 1}, 0), "k");
  EXPECT_EQ(fails({1, 2, 3, 4}, {0, 1}, 3), "k");
}

}  // namespace
}  // namespace resnet50
