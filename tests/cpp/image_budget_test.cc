// What may be allocated for a picture: stb_image's budget at every size, and sides out of range.
#include <gtest/gtest.h>

#include "image/stb.h"
#include "image_test_files.h"

namespace resnet50::testing {
namespace {

constexpr size_t kPlenty = size_t{64} << 20;

TEST(StbBudget, StopsTheDecoderWhereverItRunsOut) {
  for (const char* name : {"jpeg420-progressive.jpg", "jpeg-cmyk.jpg", "rgb16-adam7.png", "palette8.png"}) {
    const std::vector<uint8_t> file = ImageFile(name);
    const bool sixteen = std::string(name).find("16") != std::string::npos;
    const StbImage whole = DecodeWithStb(file, kRgb, sixteen, kPlenty);
    ASSERT_NE(whole.pixels, nullptr) << name;
    EXPECT_EQ(whole.failure, nullptr);
    size_t refused = 0, granted = 0;
    for (size_t budget = 0; budget < size_t{1} << 20; budget += 1009) {
      const StbImage image = DecodeWithStb(file, kRgb, sixteen, budget);
      // A budget that is used up is the file's fault, not the machine's.
      EXPECT_FALSE(image.out_of_memory);
      EXPECT_EQ(image.pixels == nullptr, image.failure != nullptr) << name << ", " << budget;
      ++(image.pixels == nullptr ? refused : granted);
    }
    EXPECT_GT(refused, 0U) << name;
    EXPECT_GT(granted, 0U) << name;
    EXPECT_NE(DecodeWithStb(file, kRgb, sixteen, kPlenty).pixels, nullptr) << name;
  }
}

TEST(AllocateImage, RefusesSidesOutOfRange) {
  for (const auto& [width, height] :
       std::vector<std::pair<int, int>>{{0, 1}, {1, 0}, {-5, 5}, {kMaxSide + 1, 1}, {1, kMaxSide + 1}}) {
    const Result<Image> image = AllocateImage(width, height);
    ASSERT_FALSE(image.ok()) << width << " x " << height;
    EXPECT_EQ(image.error().code, ErrorCode::kImageTooLarge);
  }
  EXPECT_TRUE(AllocateImage(kMaxSide, 1).ok());
}

TEST(ImageFormat, HasANameEach) {
  EXPECT_EQ(Name(ImageFormat::kJpeg), "jpeg");
  EXPECT_EQ(Name(ImageFormat::kPng), "png");
  EXPECT_EQ(Name(ImageFormat::kBmp), "bmp");
  EXPECT_EQ(Name(ImageFormat::kRaw), "raw");
}

}  // namespace
}  // namespace resnet50::testing
