// Resizing, cropping and normalizing against what Pillow and torchvision made of the same pixels
// (tests/data/make/make_image_files.py), bit for bit.
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "image/decode.h"
#include "image/normalize.h"
#include "image/transform.h"
#include "image/view.h"
#include "image_test_files.h"

namespace resnet50 {
namespace {

using testing::Hash;
using testing::ImageFile;
using testing::Lines;
using testing::Number;

Interpolation ToInterpolation(const std::string& name) {
  return name == "nearest"   ? Interpolation::kNearest
         : name == "bicubic" ? Interpolation::kBicubic
                             : Interpolation::kBilinear;
}

Image Source(const std::string& name) {
  Result<Image> image = Decode(ImageFile(name), {});
  EXPECT_TRUE(image) << name;
  return std::move(image).value();
}

TEST(Resize, IsPillows) {
  const Image source = Source("source.png");
  for (const auto& line : Lines("resize.txt")) {
    const int width = Number(line[0]), height = Number(line[1]);
    const Result<Image> resized = Resize(source, width, height, ToInterpolation(line[2]), {0, 0, width, height});
    ASSERT_TRUE(resized) << resized.error().message;
    EXPECT_EQ(Hash(resized.value()), line[3]) << width << " x " << height << " " << line[2];
  }
}

TEST(Resize, AWindowIsAPartOfTheWhole) {
  const Image source = Source("source.png");
  for (Interpolation filter : {Interpolation::kNearest, Interpolation::kBilinear, Interpolation::kBicubic}) {
    for (const auto& [width, height] : {std::pair{40, 28}, {100, 90}, {61, 20}, {30, 43}}) {
      const Image whole = std::move(Resize(source, width, height, filter, {0, 0, width, height})).value();
      const Window window{width / 3, height / 4, width / 2, height / 2};
      const Image part = std::move(Resize(source, width, height, filter, window)).value();
      for (int y = 0; y < window.height; ++y) {
        const uint8_t* expected = whole.row(y + window.top) + size_t(window.left) * kRgb;
        EXPECT_EQ(std::memcmp(part.row(y), expected, size_t(window.width) * kRgb), 0)
            << width << " x " << height << " row " << y;
      }
    }
  }
}

TEST(Transform, IsTorchvisions) {
  for (const auto& line : Lines("transform.txt")) {
    Transforms transforms;
    transforms.resize_size = Number(line[1]);
    transforms.crop_size = Number(line[2]);
    transforms.interpolation = ToInterpolation(line[3]);
    const Result<Image> crop = ResizeAndCrop(Source(line[0]), transforms);
    ASSERT_TRUE(crop) << crop.error().message;
    EXPECT_EQ(Hash(crop.value()), line[4]) << line[0] << " " << line[1] << " " << line[2] << " " << line[3];
  }
}

TEST(Transform, WithoutAntialiasingIsTorchvisionsOfTensors) {
  const std::vector<uint8_t> pixels = ImageFile("tensor.rgb");
  size_t at = 0, different = 0;
  for (const auto& line : Lines("tensor.txt")) {
    Transforms transforms;
    transforms.resize_size = Number(line[1]);
    transforms.crop_size = Number(line[2]);
    transforms.interpolation = ToInterpolation(line[3]);
    transforms.antialias = false;
    const Result<Image> crop = ResizeAndCrop(Source(line[0]), transforms);
    ASSERT_TRUE(crop) << crop.error().message;
    ASSERT_LE(at + crop->pixels.size(), pixels.size());
    for (size_t i = 0; i < crop->pixels.size(); ++i, ++at) {
      const int difference = std::abs(crop->pixels.data()[i] - pixels[at]);
      ASSERT_LE(difference, 1) << line[0] << " " << line[1] << " " << line[2] << " " << line[3] << ", value " << i;
      different += size_t(difference);
    }
  }
  EXPECT_EQ(at, pixels.size());
  EXPECT_LE(different, at / 5000) << "of " << at;
}

TEST(Transform, TenCropsAreTorchvisions) {
  for (const auto& line : Lines("crops.txt")) {
    Transforms transforms;
    transforms.resize_size = Number(line[1]);
    transforms.crop_size = Number(line[2]);
    const int index = Number(line[3]);
    const Image source = Source(line[0]);
    const Result<Image> crop = ResizeAndCrop(source, transforms, {10, index});
    ASSERT_TRUE(crop) << crop.error().message;
    EXPECT_EQ(Hash(crop.value()), line[4]) << line[0] << " " << line[1] << " " << line[2] << " crop " << index;
    if (index < 5) {
      EXPECT_EQ(Hash(ResizeAndCrop(source, transforms, {5, index}).value()), line[4]);
    }
  }
}

TEST(Transform, TheSecondOfTwoCropsIsTheMirrorImage) {
  Transforms transforms;
  transforms.resize_size = 43, transforms.crop_size = 33;
  const Image middle = std::move(ResizeAndCrop(Source("source.png"), transforms, {2, 0})).value();
  const Image mirrored = std::move(ResizeAndCrop(Source("source.png"), transforms, {2, 1})).value();
  for (int y = 0; y < 33; ++y) {
    for (int x = 0; x < 33; ++x) {
      EXPECT_EQ(std::memcmp(middle.row(y) + x * kRgb, mirrored.row(y) + (32 - x) * kRgb, kRgb), 0) << x << ", " << y;
    }
  }
}

TEST(Transform, CropsThatDoNotExistOrFitAreRefused) {
  Transforms transforms;
  transforms.resize_size = 32, transforms.crop_size = 33;
  const Image source = Source("source.png");
  for (const CropChoice& choice : {CropChoice{10, 0}, {5, 4}, {3, 0}, {2, 2}, {1, -1}}) {
    const Result<Image> crop = ResizeAndCrop(source, transforms, choice);
    ASSERT_FALSE(crop) << choice.count;
    EXPECT_EQ(crop.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(View, IsPillows) {
  const Image source = Source("source.png");
  for (const auto& line : Lines("view.txt")) {
    const ViewBox box{Number(line[1]), Number(line[2]), Number(line[3]), Number(line[4])};
    const Result<Image> view = View(source, Number(line[0]), box);
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(Hash(view.value()), line[5]) << line[0] << " " << box.left << " " << box.top;
  }
}

TEST(View, OtherAnglesAndBoxesOutsideAreRefused) {
  const Image source = Source("source.png");  // 61 x 43
  EXPECT_EQ(View(source, 45, {0, 0, 1, 1}).error().subject, "rotate");
  for (const ViewBox& box :
       {ViewBox{0, 0, 0, 5}, {0, 0, 62, 43}, {-1, 0, 5, 5}, {60, 0, 2, 1}, {0, 43, 1, 1}, {1, 1, 2147483647, 1}}) {
    EXPECT_EQ(View(source, 0, box).error().subject, "region");
  }
  EXPECT_FALSE(View(source, 90, {0, 0, 61, 43}));
}

TEST(Transform, ImagesTooNarrowToResizeAreRefused) {
  Image thread = std::move(AllocateImage(kMaxSide, 1)).value();
  std::memset(thread.pixels.data(), 0, thread.pixels.size());
  Transforms transforms;
  transforms.resize_size = kMaxSide;
  EXPECT_EQ(ResizeAndCrop(thread, transforms).error().code, ErrorCode::kImageTooLarge);
}

Image AllLevels() {
  Image levels = std::move(AllocateImage(256, 1)).value();
  for (int i = 0; i < 256; ++i) std::memset(levels.row(0) + size_t(i) * kRgb, i, kRgb);
  return levels;
}

TEST(Normalize, IsTorchvisions) {
  const std::vector<uint8_t> bytes = ImageFile("normalize.f32");
  std::vector<float> expected(bytes.size() / sizeof(float)), values(256 * kRgb);
  ASSERT_EQ(expected.size(), values.size());
  std::memcpy(expected.data(), bytes.data(), bytes.size());
  NormalizeToFloat(AllLevels(), Transforms(), values);
  EXPECT_EQ(values, expected);
}

TEST(Normalize, CodesAreTheNearestToTheValues) {
  const CodeRule rule{0.0187F, 114, 0, 254};
  std::vector<float> values(256 * kRgb);
  std::vector<uint8_t> codes(values.size());
  NormalizeToFloat(AllLevels(), Transforms(), values);
  NormalizeToCodes(AllLevels(), Transforms(), rule, codes);
  for (size_t i = 0; i < values.size(); ++i) {
    const float real = rule.scale * float(int(codes[i]) - rule.zero_point);
    const bool clamped = codes[i] == rule.min || codes[i] == rule.max;
    EXPECT_TRUE(clamped || std::fabs(real - values[i]) <= rule.scale * 0.5001F) << i;
  }
}

}  // namespace
}  // namespace resnet50
