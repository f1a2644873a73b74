// A session over random networks: what it answers is what its parts give, however it is asked.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "head/class_activation_map.h"
#include "image/normalize.h"
#include "inference/picture.h"
#include "inference/session.h"
#include "network/random_weights.h"

namespace resnet50 {
namespace {

constexpr int kClasses = 6;
constexpr size_t kFeatures = 2048;

template <typename T>
T Take(Result<T> result) {
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().subject + ": " + result.error().message);
  return std::move(result).value();
}

std::unique_ptr<InferenceSession> RandomSession() {
  NetworkOptions options;
  options.classes = kClasses;
  options.precision = Precision::kFloat32;
  std::unique_ptr<InferenceSession> session = Take(InferenceSession::Create(std::move(options)));
  EXPECT_TRUE(InitializeRandomly(session->network(), 3));
  return session;
}

Transforms SmallTransforms() {
  Transforms transforms;
  transforms.resize_size = 40;
  transforms.crop_size = 32;
  return transforms;
}

PixelBuffer RandomPixels(int width, int height, uint32_t seed = 7) {
  PixelBuffer pixels = PixelBuffer::Allocate(size_t(width) * size_t(height) * kRgb);
  Random random(seed);
  for (size_t i = 0; i < pixels.size(); ++i) pixels.data()[i] = uint8_t(random.Next() % 256U);
  return pixels;
}

Image RandomImage(int width, int height) {
  return Take(OpenPicture({RandomPixels(width, height), width, height, kRgb}, {})).viewed;
}

std::vector<float> Copy(std::span<const float> values) { return {values.begin(), values.end()}; }

// fc of a linear head: weight (c + 1) / 100 on feature c, and nothing else.
CustomHead DiagonalHead(int classes) {
  std::vector<float> weight(kFeatures * size_t(classes), 0.0F), bias(size_t(classes), 0.0F);
  for (size_t c = 0; c < size_t(classes); ++c) {
    weight[c * kFeatures + c] = float(c + 1) / 100.0F;
    bias[c] = float(c);
  }
  return Take(LinearHead::Create(std::move(weight), std::move(bias), kFeatures));
}

TEST(InferenceSession, AnImageAndItsNormalizedTensorGiveTheSameLogits) {
  const std::unique_ptr<InferenceSession> session = RandomSession();
  const Transforms transforms = SmallTransforms();
  const Image image = RandomImage(50, 41);
  const std::vector<float> of_image = Copy(Take(session->Logits(ImageInput{image, transforms})));
  ASSERT_EQ(of_image.size(), size_t(kClasses));
  const NormalizedCrop crop = Take(Preprocess(image, transforms, TensorLayout::kNchw));
  ASSERT_EQ(crop.crop.width, 32);
  ASSERT_EQ(crop.tensor.size(), 3U * 32U * 32U);
  EXPECT_EQ(Copy(Take(session->Logits(TensorInput{crop.tensor, 1, 32, 32}))), of_image);
  const NormalizedCrop nhwc = Take(Preprocess(image, transforms, TensorLayout::kNhwc));
  for (size_t p = 0; p < 32U * 32U; ++p) {
    for (size_t c = 0; c < 3; ++c) ASSERT_EQ(nhwc.tensor[p * 3 + c], crop.tensor[c * 32U * 32U + p]);
  }
}

TEST(InferenceSession, CropsAreRowsAndTheirScoresAreAveraged) {
  const std::unique_ptr<InferenceSession> session = RandomSession();
  const Transforms transforms = SmallTransforms();
  const Image image = RandomImage(50, 41);
  const std::vector<float> rows = Copy(Take(session->Logits(ImageInput{image, transforms, 10})));
  ASSERT_EQ(rows.size(), 10U * kClasses);
  const std::vector<ScoredClass> best =
      Take(session->Classify({image, transforms, 10}, {.top = {.k = size_t(kClasses)}}));
  ASSERT_EQ(best.size(), size_t(kClasses));
  for (const ScoredClass& scored : best) {
    double mean = 0.0;
    for (size_t row = 0; row < 10; ++row) {
      const std::vector<double> scores = Softmax(std::span(rows).subspan(row * kClasses, kClasses));
      mean += scores[size_t(scored.index)] / 10.0;
    }
    EXPECT_NEAR(scored.score, mean, 1e-12);
  }
  EXPECT_EQ(session->Classify({image, transforms, 3}, {}).error().subject, "crops");
}

TEST(InferenceSession, TheActivationMakesTheScores) {
  const std::unique_ptr<InferenceSession> session = RandomSession();
  const Transforms transforms = SmallTransforms();
  const Image image = RandomImage(50, 41);
  const std::vector<float> logits = Copy(Take(session->Logits(ImageInput{image, transforms})));
  for (const ScoredClass& scored : Take(session->Classify({image, transforms}, {.activation = Activation::kSigmoid}))) {
    EXPECT_NEAR(scored.score, 1.0 / (1.0 + std::exp(-double(logits[size_t(scored.index)]))), 1e-12);
  }
}

TEST(InferenceSession, StagesComeInTheOrderOfTheirNamesAndDoNotStay) {
  const std::unique_ptr<InferenceSession> session = RandomSession();
  const std::vector<float> tensor(2U * 3U * 64U * 32U, 0.25F);
  const std::vector<std::string> names = {"avgpool", "layer4", "relu"};
  const std::vector<StageOutput> outputs = Take(session->Features(TensorInput{tensor, 2, 64, 32}, names));
  ASSERT_EQ(outputs.size(), 3U);
  EXPECT_EQ(outputs[0].channels, 2048);
  EXPECT_EQ(outputs[0].values.size(), 2U * 2048U);
  EXPECT_EQ(outputs[1].height, 2);
  EXPECT_EQ(outputs[1].width, 1);
  EXPECT_EQ(outputs[2].channels, 64);
  EXPECT_EQ(outputs[2].height, 32);
  // The pooled features are the mean of the last stage.
  const std::span<const float> stage = outputs[1].values;
  EXPECT_NEAR(outputs[0].values[5], (stage[10] + stage[11]) / 2.0F, 1e-5F);
  const Result<std::vector<StageOutput>> wrong =
      session->Features(TensorInput{tensor, 2, 64, 32}, std::vector<std::string>{"avgpool", "layer9"});
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Take(session->Features(TensorInput{tensor, 2, 64, 32}, std::vector<std::string>{"layer1"})).size(), 1U);
}

TEST(InferenceSession, AHeadOfTheUsersOwnReplacesTheClassifierUntilItIsTakenOut) {
  const std::unique_ptr<InferenceSession> session = RandomSession();
  const Transforms transforms = SmallTransforms();
  const Image image = RandomImage(50, 41);
  const std::vector<float> own = Copy(Take(session->Logits(ImageInput{image, transforms})));
  session->SetHead(DiagonalHead(3));
  EXPECT_EQ(session->classes(), 3);
  const std::vector<float> logits = Copy(Take(session->Logits(ImageInput{image, transforms})));
  ASSERT_EQ(logits.size(), 3U);
  const std::vector<std::string> names = {"avgpool"};
  const std::vector<StageOutput> pooled = Take(session->Features(ImageInput{image, transforms}, names));
  ASSERT_EQ(pooled.size(), 1U);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(logits[c], pooled[0].values[c] * float(c + 1) / 100.0F + float(c), 1e-4F);
  }
  session->SetHead(std::nullopt);
  EXPECT_EQ(session->classes(), kClasses);
  EXPECT_EQ(Copy(Take(session->Logits(ImageInput{image, transforms}))), own);
}

TEST(InferenceSession, TheMapOfAClassMakesItsLogitWithEitherClassifier) {
  const std::unique_ptr<InferenceSession> session = RandomSession();
  const Transforms transforms = SmallTransforms();
  const Image image = RandomImage(50, 41);
  for (const bool with_head : {false, true}) {
    if (with_head) session->SetHead(DiagonalHead(kClasses));
    const std::vector<float> logits = Copy(Take(session->Logits(ImageInput{image, transforms})));
    std::vector<uint8_t> allowed(kClasses);
    allowed[4] = 1;
    const Explanation explained = Take(session->Explain({image, transforms}, {.top = {.k = 1, .allowed = allowed}}));
    EXPECT_EQ(explained.best.index, 4);
    EXPECT_EQ(explained.height, 1);
    EXPECT_EQ(explained.width, 1);
    ASSERT_EQ(explained.map.size(), 1U);
    const float bias = with_head ? 4.0F : session->network().head_bias()[4];
    EXPECT_NEAR(explained.map[0] + bias, logits[4], 1e-4F * (1.0F + std::abs(logits[4])));
    // 50 x 41 becomes 48 x 40, of which the middle 32 x 32 is seen.
    EXPECT_DOUBLE_EQ(explained.crop.left, 8.0 / 48.0);
    EXPECT_DOUBLE_EQ(explained.crop.bottom, 36.0 / 40.0);
  }
  const std::vector<uint8_t> none(kClasses);
  EXPECT_EQ(session->Explain({image, transforms}, {.top = {.allowed = none}}).error().subject, "index");
}

TEST(InferenceSession, AnErrorLeavesItReadyForTheNextCall) {
  const std::unique_ptr<InferenceSession> session = RandomSession();
  const std::vector<float> tensor(3U * 32U * 32U, 0.5F);
  const std::vector<float> before = Copy(Take(session->Logits(TensorInput{tensor, 1, 32, 32})));
  EXPECT_FALSE(session->Logits(TensorInput{tensor, 1, 1 << 20, 32}));
  EXPECT_EQ(Copy(Take(session->Logits(TensorInput{tensor, 1, 32, 32}))), before);
}

TEST(InferenceSession, AnAnswerInPartsIsTheSame) {
  const std::unique_ptr<InferenceSession> session = RandomSession();
  const Transforms transforms = SmallTransforms();
  const Image image = RandomImage(50, 41);
  const std::vector<std::string> names = {"layer2"};
  const std::vector<float> stage = Copy(Take(session->Features(ImageInput{image, transforms}, names))[0].values);
  const std::vector<float> logits = Copy(Take(session->Logits(ImageInput{image, transforms, 2})));

  int pauses = 0;
  const InferenceSession::Pause pause = [&pauses] { return ++pauses > 0; };
  ASSERT_TRUE(session->Begin(ImageInput{image, transforms, 2}, names));
  while (!Take(session->Advance(pause))) ASSERT_LT(pauses, 1000);
  // After each crop's preparation and each row but the last.
  EXPECT_EQ(pauses, 2 * int(1 + session->network().layers().size()) - 1);
  EXPECT_EQ(Copy(session->Logits()), logits);
  EXPECT_EQ(session->StageOutputs().size(), 1U);
  EXPECT_TRUE(Take(session->Advance(pause)));  // there is nothing left to do

  ASSERT_TRUE(session->Begin(ImageInput{image, transforms}, names));
  EXPECT_FALSE(Take(session->Advance(pause)));
  // Another input takes its place.
  ASSERT_TRUE(session->Begin(ImageInput{image, transforms, 2}));
  EXPECT_TRUE(Take(session->Advance()));
  EXPECT_EQ(Copy(session->Logits()), logits);
  EXPECT_TRUE(session->StageOutputs().empty());
  EXPECT_EQ(Copy(Take(session->Features(ImageInput{image, transforms}, names))[0].values), stage);

  // Another classifier ends a run: half of its logits would be of the old one.
  ASSERT_TRUE(session->Begin(ImageInput{image, transforms, 2}));
  EXPECT_FALSE(Take(session->Advance(pause)));
  session->SetHead(DiagonalHead(3));
  EXPECT_EQ(session->Advance().error().code, ErrorCode::kNotReady);
}

TEST(Picture, RawPixelsAreTurnedAndCut) {
  PictureSettings settings;
  settings.rotate = 90;
  settings.region = {0.25, 0.5, 1.0, 1.0};
  const PixelBuffer pixels = RandomPixels(6, 4);
  const Picture picture = Take(OpenPicture({RandomPixels(6, 4), 6, 4, kRgb}, settings));
  EXPECT_EQ(picture.width, 6);
  EXPECT_EQ(picture.height, 4);
  // Turned it is 4 x 6; of that the right three columns of the lower three rows.
  ASSERT_EQ(picture.viewed.width, 3);
  ASSERT_EQ(picture.viewed.height, 3);
  // Turned clockwise, (x, y) comes from (y, height - 1 - x).
  EXPECT_EQ(picture.viewed.row(0)[0], pixels.data()[(size_t(4 - 1 - 1) * 6 + 3) * kRgb]);
  const Region whole = OnWhole(picture, {0.0, 0.0, 1.0, 0.5});
  EXPECT_DOUBLE_EQ(whole.left, 0.25);
  EXPECT_DOUBLE_EQ(whole.right, 1.0);
  EXPECT_DOUBLE_EQ(whole.top, 0.5);
  EXPECT_DOUBLE_EQ(whole.bottom, 0.75);
}

TEST(Picture, ErrorsAreThoseOfTheDecoderAndTheView) {
  EXPECT_EQ(OpenPicture({PixelBuffer::Allocate(8), 0, 0, 0}, {}).error().code, ErrorCode::kNotAnImage);
  PictureSettings settings;
  settings.region = {0.5, 0.5, 0.5001, 0.5001};
  EXPECT_EQ(OpenPicture({RandomPixels(6, 4), 6, 4, kRgb}, settings).error().subject, "region");
  settings = {};
  settings.rotate = 45;
  EXPECT_EQ(OpenPicture({RandomPixels(6, 4), 6, 4, kRgb}, settings).error().subject, "rotate");
}

TEST(Picture, EdgesOfRegionsAreRoundedToEven) {
  const ViewBox box = BoxOf({0.5, 0.1, 1.0, 0.9}, 5, 5);
  EXPECT_EQ(box.left, 2);  // 2.5
  EXPECT_EQ(box.top, 0);   // 0.5
  EXPECT_EQ(box.width, 3);
  EXPECT_EQ(box.height, 4);  // 4.5 -> 4
}

}  // namespace
}  // namespace resnet50
