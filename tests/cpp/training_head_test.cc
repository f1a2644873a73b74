// The trained head against the objective written out in double, early stopping, and that nothing but the input decides.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "training/head_trainer.h"
#include "training_examples.h"

namespace resnet50 {
namespace {

std::unique_ptr<HeadTrainer> Trainer(const Examples& examples, const HeadTrainingOptions& options = {}) {
  Result<std::unique_ptr<HeadTrainer>> trainer = HeadTrainer::Create(examples, options);
  if (!trainer) {
    ADD_FAILURE() << trainer.error().message;
    return nullptr;
  }
  return std::move(trainer).value();
}

HeadTrainingProgress Finish(HeadTrainer& trainer) {
  HeadTrainingProgress progress;
  while (!progress.done) progress = trainer.Step();
  return progress;
}

// Of W [classes, width], b [classes] on the embeddings as they are.
struct Objective {
  const Examples& examples;
  double l2;

  std::vector<double> Logits(size_t row, const std::vector<float>& head) const {
    const size_t width = examples.width, classes = size_t(examples.classes);
    std::vector<double> logits;
    for (size_t c = 0; c < classes; ++c) {
      double sum = head[classes * width + c];
      for (size_t k = 0; k < width; ++k) sum += double(head[c * width + k]) * examples.row(row)[k];
      logits.push_back(sum);
    }
    return logits;
  }

  double operator()(const std::vector<float>& head) const {
    double value = 0.0;
    for (size_t i = 0; i < examples.size(); ++i) {
      const std::vector<double> logits = Logits(i, head);
      const double most = *std::max_element(logits.begin(), logits.end());
      double sum = 0.0;
      for (const double l : logits) sum += std::exp(l - most);
      value += std::log(sum) + most - logits[size_t(examples.labels[i])];
    }
    for (size_t i = 0; i < size_t(examples.classes) * examples.width; ++i) {
      value += 0.5 * l2 * std::pow(double(head[i]), 2);
    }
    return value;
  }
};

TEST(HeadTrainer, FindsTheMinimum) {
  for (const double l2 : {0.01, 1.0, 100.0}) {
    const Examples examples = MakeClouds({.spread = 2.0F});
    const std::unique_ptr<HeadTrainer> trainer = Trainer(examples, {.l2 = l2});
    Finish(*trainer);
    EXPECT_TRUE(trainer->converged()) << l2;
    const Objective objective{examples, l2};
    const std::vector<float> head = trainer->Head();
    const double least = objective(head);
    // Whatever is changed makes it worse.
    Random random(7);
    for (int trial = 0; trial < 50; ++trial) {
      std::vector<float> other = head;
      const float size = trial % 2 == 0 ? 1e-2F : 1e-1F;
      for (float& v : other) v += size * random.Between(-1.0F, 1.0F);
      EXPECT_GT(objective(other), least) << l2;
    }
    std::vector<float> shorter = head, longer = head;
    for (float& v : shorter) v *= 0.99F;
    for (float& v : longer) v *= 1.01F;
    EXPECT_GT(objective(shorter), least);
    EXPECT_GT(objective(longer), least);
  }
}

TEST(HeadTrainer, LearnsWhatCanBeToldApart) {
  const Examples examples = MakeClouds({.classes = 5, .each = 20, .width = 200, .spread = 0.5F});
  const std::unique_ptr<HeadTrainer> trainer = Trainer(examples, {.hold_out = 0.25});
  const HeadTrainingProgress progress = Finish(*trainer);
  EXPECT_EQ(trainer->held_out(), 25U);
  EXPECT_EQ(trainer->trained(), 75U);
  EXPECT_EQ(progress.trained.accuracy, 1.0);
  EXPECT_EQ(progress.held_out.accuracy, 1.0);
  const Objective objective{examples, 1.0};
  const std::vector<float> head = trainer->Head();
  for (size_t i = 0; i < examples.size(); ++i) {
    const std::vector<double> logits = objective.Logits(i, head);
    EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(), examples.labels[i]);
  }
}

TEST(HeadTrainer, GetsBetterWithEveryIteration) {
  const Examples examples = MakeClouds({.spread = 3.0F});
  const std::unique_ptr<HeadTrainer> trainer = Trainer(examples, {.l2 = 0.1});
  const Objective objective{examples, 0.1};
  double last = objective(trainer->Head());
  HeadTrainingProgress progress;
  while (!progress.done) {
    progress = trainer->Step();
    EXPECT_EQ(trainer->best_epoch(), progress.epoch);
    const double value = objective(trainer->Head());
    EXPECT_LT(value, last + 1e-6 * last) << progress.epoch;
    last = value;
  }
  EXPECT_LT(progress.epoch, 100);
  EXPECT_EQ(progress.trained.accuracy, 1.0);
}

TEST(HeadTrainer, StopsWhereHeldOutExamplesGetWorse) {
  // So noisy and so little penalised that it learns by heart.
  const Examples examples = MakeClouds({.each = 16, .width = 100, .spread = 12.0F});
  const std::unique_ptr<HeadTrainer> trainer = Trainer(examples, {.l2 = 1e-6, .hold_out = 0.5, .patience = 3});
  double least = std::numeric_limits<double>::infinity();
  int best = 0;
  HeadTrainingProgress progress;
  while (!progress.done) {
    progress = trainer->Step();
    if (progress.held_out.loss < least) best = progress.epoch;
    least = std::min(least, progress.held_out.loss);
  }
  EXPECT_FALSE(trainer->converged());
  EXPECT_EQ(trainer->best_epoch(), best);
  EXPECT_EQ(progress.epoch, best + 3);
  EXPECT_GT(progress.held_out.loss, least);
}

TEST(HeadTrainer, CanBeLeftBetweenIterations) {
  const Examples examples = MakeClouds({.spread = 3.0F});
  const std::unique_ptr<HeadTrainer> trainer = Trainer(examples, {.epochs = 5});
  EXPECT_EQ(trainer->Head(), std::vector<float>(3 * 41)) << "nothing was learnt yet";
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(trainer->Step().done);
  const std::vector<float> after_two = trainer->Head();
  EXPECT_EQ(trainer->best_epoch(), 2);
  const std::unique_ptr<HeadTrainer> limited = Trainer(examples, {.epochs = 2});
  Finish(*limited);
  EXPECT_FALSE(limited->converged());
  EXPECT_EQ(limited->Head(), after_two);
  const HeadTrainingProgress last = Finish(*trainer);
  EXPECT_EQ(last.epoch, 5);
  EXPECT_EQ(trainer->Step().epoch, 5) << "done is done";
}

TEST(HeadTrainer, PenalisesNetworksOfAllSizesAlike) {
  Examples examples = MakeClouds({.spread = 2.0F});
  const auto train = [&] {
    std::unique_ptr<HeadTrainer> trainer = Trainer(examples);
    Finish(*trainer);
    return trainer;
  };
  const std::unique_ptr<HeadTrainer> large = train();
  for (float& v : examples.embeddings) v /= 64.0F;
  const std::unique_ptr<HeadTrainer> small = train();
  EXPECT_NEAR(large->l2(), small->l2() * 64.0 * 64.0, 1e-4 * large->l2());
  const std::vector<float> expected = large->Head(), head = small->Head();
  for (size_t i = 0; i < 3 * examples.width; ++i) EXPECT_NEAR(head[i] / 64.0F, expected[i], 1e-4F);
}

TEST(HeadTrainer, GivesTheSameBitsAlways) {
  const Examples examples = MakeClouds({.classes = 4, .each = 9, .width = 131, .spread = 2.0F});
  const auto train = [&] {
    const std::unique_ptr<HeadTrainer> trainer = Trainer(examples, {.hold_out = 0.2, .seed = 3, .epochs = 12});
    Finish(*trainer);
    return trainer->Head();
  };
  const std::vector<float> head = train();
  EXPECT_EQ(head, train());
  uint64_t sum = 0;
  for (const float v : head) {
    uint32_t bits = 0;
    std::memcpy(&bits, &v, sizeof bits);
    sum = sum * 31 + bits;
  }
#ifdef __EMSCRIPTEN__  // natively, exp() may be another on another machine
  EXPECT_EQ(sum, 11668619639537731717U);
#else
  EXPECT_NE(sum, 0U);
#endif
}

TEST(HoldOut, TakesTheSameShareOfEachClassBySeed) {
  Examples examples = MakeClouds({.classes = 2, .each = 10, .width = 1});
  for (int i = 0; i < 3; ++i) {
    examples.labels.push_back(1);
    examples.embeddings.push_back(0.0F);
  }
  const auto split = [&](double share, uint32_t seed) { return HoldOut(examples, share, seed).value(); };
  const Split fifth = split(0.2, 1);
  const auto of_class = [&](const std::vector<size_t>& rows, int label) {
    return std::count_if(rows.begin(), rows.end(), [&](size_t i) { return examples.labels[i] == label; });
  };
  EXPECT_EQ(of_class(fifth.held_out, 0), 2);
  EXPECT_EQ(of_class(fifth.held_out, 1), 3);
  EXPECT_EQ(fifth.trained.size() + fifth.held_out.size(), examples.size());
  EXPECT_EQ(fifth.held_out, split(0.2, 1).held_out);
  EXPECT_NE(fifth.held_out, split(0.2, 2).held_out);
  EXPECT_TRUE(split(0.0, 1).held_out.empty());
  EXPECT_EQ(of_class(split(0.01, 1).held_out, 0), 1) << "one at least";
  EXPECT_EQ(of_class(split(0.9, 1).trained, 0), 1);
}

}  // namespace
}  // namespace resnet50
