// What cannot be trained on is refused by name, with what to do.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "training/head_trainer.h"
#include "training_examples.h"

namespace resnet50 {
namespace {

struct Case {
  const char* subject;
  const char* says;
  std::function<void(Examples&, HeadTrainingOptions&)> spoil;
};

TEST(HeadTrainer, RefusesByName) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const std::vector<Case> cases{
      {"examples", "there are none",
       [](Examples& e, auto&) {
         e.embeddings.clear();
         e.labels.clear();
       }},
      {"examples", "are not 9 embeddings of 4", [](Examples& e, auto&) { e.embeddings.pop_back(); }},
      {"examples", "are not 9 embeddings of 5", [](Examples& e, auto&) { e.width = 5; }},
      {"examples", "are not 9 embeddings of 0", [](Examples& e, auto&) { e.width = 0; }},
      {"example 4", "not finite", [&](Examples& e, auto&) { e.embeddings[4 * 4 + 1] = nan; }},
      {"example 8", "not finite", [&](Examples& e, auto&) { e.embeddings.back() = -infinity; }},
      {"example 2", "has label 3", [](Examples& e, auto&) { e.labels[2] = 3; }},
      {"example 0", "has label -1", [](Examples& e, auto&) { e.labels[0] = -1; }},
      {"classes", "at least two",
       [](Examples& e, auto&) {
         e.labels.assign(9, 0);
         e.classes = 1;
       }},
      {"classes", "at least two", [](Examples& e, auto&) { e.classes = -5; }},
      {"class 3", "has no examples", [](Examples& e, auto&) { e.classes = 5; }},
      {"l2", "greater than 0", [](auto&, HeadTrainingOptions& o) { o.l2 = 0.0; }},
      {"l2", "greater than 0", [&](auto&, HeadTrainingOptions& o) { o.l2 = nan; }},
      {"holdOut", "0 to 0.9", [](auto&, HeadTrainingOptions& o) { o.hold_out = 1.0; }},
      {"holdOut", "0 to 0.9", [&](auto&, HeadTrainingOptions& o) { o.hold_out = nan; }},
      {"holdOut", "class 3 has one example",
       [](Examples& e, HeadTrainingOptions& o) {
         e.classes = 4;
         e.labels[8] = 3;
         o.hold_out = 0.2;
       }},
      {"epochs", "at least 1", [](auto&, HeadTrainingOptions& o) { o.epochs = 0; }},
      {"patience", "at least 1", [](auto&, HeadTrainingOptions& o) { o.patience = 0; }},
  };
  for (const Case& c : cases) {
    Examples examples = MakeClouds({.classes = 3, .each = 3, .width = 4});
    HeadTrainingOptions options;
    c.spoil(examples, options);
    const Result<std::unique_ptr<HeadTrainer>> trainer = HeadTrainer::Create(examples, options);
    ASSERT_FALSE(trainer) << c.subject << ": " << c.says;
    EXPECT_EQ(trainer.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(trainer.error().subject, c.subject);
    EXPECT_NE(trainer.error().message.find(c.says), std::string::npos) << trainer.error().message;
  }
}

// Examples that teach nothing are no reason to fail.
TEST(HeadTrainer, SurvivesFlatAndHugeFeatures) {
  for (const float value : {0.0F, 1e30F, -1e-30F}) {
    Examples examples = MakeClouds({.classes = 2, .each = 3, .width = 4});
    std::fill(examples.embeddings.begin(), examples.embeddings.end(), value);
    std::unique_ptr<HeadTrainer> trainer = HeadTrainer::Create(examples, {}).value();
    HeadTrainingProgress progress;
    while (!progress.done) progress = trainer->Step();
    for (const float v : trainer->Head()) EXPECT_TRUE(std::isfinite(v)) << value;
  }
}

}  // namespace
}  // namespace resnet50
