// Fine-tuning as a whole, on small made-up networks: it learns what the head alone cannot, the same bits for any number
// of threads, can be stopped, and gives shards that can be read.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "tensor_values.h"
#include "training/finetune_export.h"
#include "training/finetune_trainer.h"
#include "weights/safetensors.h"

namespace resnet50 {
namespace {

constexpr Extent kExtent{6, 5};
constexpr size_t kEach = 20;

FinetuneOptions Options() {
  FinetuneOptions options;
  options.shape = {8, 6, 3, 2};
  options.batch = 8;
  options.epochs = 12;
  options.patience = 12;
  options.rate = 0.05;
  return options;
}

// Two classes that differ in which of two channels is brighter; every other channel is noise.
std::vector<float> MakeMap(Random& random, int label) {
  std::vector<float> map(8 * kExtent.height * kExtent.width);
  const size_t area = kExtent.height * kExtent.width;
  for (size_t i = 0; i < map.size(); ++i) {
    const bool bright = i / area == size_t(label);
    map[i] = std::max(0.0F, random.Between(-0.5F, 1.0F) + (bright ? 0.4F : 0.0F));
  }
  return map;
}

std::unique_ptr<FinetuneTrainer> Build(const FinetuneOptions& options) {
  Result<std::unique_ptr<FinetuneTrainer>> trainer = FinetuneTrainer::Create(options, kExtent);
  EXPECT_TRUE(trainer.ok());
  Random random(3);
  for (float& v : trainer.value()->network().values()) v = random.Between(-0.4F, 0.4F);
  for (size_t i = 0; i < 2 * kEach; ++i) {
    EXPECT_TRUE(trainer.value()->Add(MakeMap(random, int(i % 2)), int32_t(i % 2)).ok());
  }
  return std::move(trainer).value();
}

FinetuneProgress Train(FinetuneTrainer& trainer) {
  EXPECT_TRUE(trainer.Begin().ok());
  FinetuneProgress last;
  while (!last.done) {
    Result<FinetuneProgress> progress = trainer.Step();
    EXPECT_TRUE(progress.ok());
    if (!progress) break;
    last = progress.value();
  }
  return last;
}

TEST(FinetuneTrainer, LearnsAndKeepsTheBestEpoch) {
  const std::unique_ptr<FinetuneTrainer> trainer = Build(Options());
  const FinetuneProgress last = Train(*trainer);
  EXPECT_LT(last.trained.loss, 0.45);
  EXPECT_GT(trainer->Finish(), 0);
  EXPECT_GE(trainer->best_held_out().accuracy, 0.75);
  EXPECT_EQ(trainer->held_out(), 8U);
  EXPECT_EQ(trainer->trained(), 32U);
}

TEST(FinetuneTrainer, GivesTheSameBitsForAnyNumberOfThreads) {
  FinetuneOptions options = Options();
  options.epochs = 1;
  const std::unique_ptr<FinetuneTrainer> one = Build(options);
  options.threads = 2;
  const std::unique_ptr<FinetuneTrainer> two = Build(options);
  Train(*one);
  Train(*two);
  const std::span<const float> a = one->network().values(), b = two->network().values();
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size_bytes()), 0);
}

TEST(FinetuneTrainer, CanBeLeftInTheMiddle) {
  const std::unique_ptr<FinetuneTrainer> trainer = Build(Options());
  ASSERT_TRUE(trainer->Begin().ok());
  const std::vector<float> before(trainer->network().values().begin(), trainer->network().values().end());
  ASSERT_TRUE(trainer->Step().ok());
  EXPECT_EQ(trainer->Finish(), 0);  // no epoch ended: the weights of the beginning
  EXPECT_EQ(std::memcmp(before.data(), trainer->network().values().data(), before.size() * sizeof(float)), 0);
}

TEST(FinetuneTrainer, RefusesBadInput) {
  FinetuneOptions options = Options();
  options.rate = 0.0;
  EXPECT_EQ(FinetuneTrainer::Create(options, kExtent).error().subject, "rate");
  options = Options();
  options.epochs = 0;
  EXPECT_EQ(FinetuneTrainer::Create(options, kExtent).error().subject, "epochs");
  Result<std::unique_ptr<FinetuneTrainer>> made = FinetuneTrainer::Create(Options(), kExtent);
  ASSERT_TRUE(made.ok());
  FinetuneTrainer& trainer = *made.value();
  Random random(1);
  std::vector<float> map = MakeMap(random, 0);
  EXPECT_EQ(trainer.Step().error().code, ErrorCode::kNotReady);
  EXPECT_EQ(trainer.Add(map, 2).error().subject, "example 0");
  EXPECT_EQ(trainer.Add(std::span(map).first(7), 0).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(trainer.Add(map, 0).ok());
  map[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(trainer.Add(map, 0).error().subject, "example 1");
  EXPECT_EQ(trainer.Begin().error().subject, "classes");  // the second has no examples
}

TEST(FinetuneExport, GivesRangesAndShards) {
  const std::unique_ptr<FinetuneTrainer> trainer = Build(Options());
  ASSERT_TRUE(trainer->Begin().ok());
  Result<FinetuneExport> exported = FinetuneExport::Measure(*trainer, {0.0F, 1.5F});
  ASSERT_TRUE(exported.ok());
  EXPECT_EQ(exported->ranges().size(), 11U);
  EXPECT_EQ(exported->Layers().size(), 11U);
  for (const std::string& layer : exported->Layers()) {
    Result<std::vector<uint8_t>> real = exported->Write(layer, Precision::kFloat32);
    Result<std::vector<uint8_t>> coded = exported->Write(layer, Precision::kInt8);
    ASSERT_TRUE(real.ok() && coded.ok()) << layer;
    const Safetensors a = ParseSafetensors(real.value(), layer).value();
    const Safetensors b = ParseSafetensors(coded.value(), layer).value();
    EXPECT_EQ(a.Find(layer + ".weight")->shape, b.Find(layer + ".weight")->shape);
    const std::vector<float> weights = testing::ValuesOf<float>(*a.Find(layer + ".weight"));
    const std::vector<int8_t> codes = testing::ValuesOf<int8_t>(*b.Find(layer + ".weight"));
    const std::vector<float> scales = testing::ValuesOf<float>(*b.Find(layer + ".scale"));
    const size_t row = weights.size() / scales.size();
    for (size_t i = 0; i < weights.size(); ++i) {
      ASSERT_NEAR(float(codes[i]) * scales[i / row], weights[i], 0.501F * scales[i / row]) << layer;
    }
  }
  EXPECT_EQ(exported->Write("layer3.0.conv1", Precision::kInt8).error().subject, "layer3.0.conv1");
}

}  // namespace
}  // namespace resnet50
