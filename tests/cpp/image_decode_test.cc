// Files of every kind that is read, drawn by tests/data/make/make_image_files.py, against the pixels that Pillow made
// of them.
#include <array>
#include <cmath>
#include <cstdlib>

#include "image/decode.h"
#include "image_test_files.h"

namespace resnet50 {
namespace {

using testing::Hash;
using testing::ImageFile;
using testing::Lines;
using testing::Number;

constexpr DecodeOptions kAsStored{.apply_orientation = false};

TEST(Decode, PixelsArePillows) {
  int exact = 0, close = 0;
  for (const auto& line : Lines("decode.txt")) {
    const std::string& name = line[0];
    const Result<Image> image = Decode(ImageFile(name), kAsStored);
    ASSERT_TRUE(image) << name << ": " << image.error().message;
    EXPECT_EQ(image->width, Number(line[1])) << name;
    EXPECT_EQ(image->height, Number(line[2])) << name;
    EXPECT_EQ(image->orientation, Number(line[3])) << name;
    if (line[4] != "-") {
      EXPECT_EQ(Hash(image.value()), line[4]) << name;
      ++exact;
      continue;
    }
    // JPEG decoders differ by a level or three: in the inverse transform and in how chroma is enlarged.
    const std::vector<uint8_t> expected = ImageFile(name + ".rgb");
    ASSERT_EQ(expected.size(), image->pixels.size()) << name;
    int sum = 0, worst = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      const int difference = std::abs(int(expected[i]) - int(image->pixels.data()[i]));
      sum += difference;
      worst = std::max(worst, difference);
    }
    EXPECT_LE(double(sum) / double(expected.size()), 1.0) << name;
    EXPECT_LE(worst, 8) << name;
    ++close;
  }
  EXPECT_EQ(exact, 51);
  EXPECT_EQ(close, 10);
}

// A PNG of 4 x 1 pixels whose palette has one entry, (10, 20, 30); the checksum of its
// header and its chunk of pixels are given.
std::vector<uint8_t> ShortPalette(uint8_t bits, std::array<uint8_t, 4> header_crc, const std::vector<uint8_t>& pixels) {
  std::vector<uint8_t> file{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0,    0, 13, 'I', 'H', 'D',
                            'R',  0,   0,   0,   4,    0,    0,    0,    1, bits, 3, 0,  0,   0};
  file.insert(file.end(), header_crc.begin(), header_crc.end());
  const std::vector<uint8_t> palette{0, 0, 0, 3, 'P', 'L', 'T', 'E', 10, 20, 30, 0x7e, 0x4c, 0x52, 0x3a};
  file.insert(file.end(), palette.begin(), palette.end());
  file.insert(file.end(), pixels.begin(), pixels.end());
  const std::vector<uint8_t> end{0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
  file.insert(file.end(), end.begin(), end.end());
  return file;
}

// What Pillow makes of it: levels of grey. The decoder by itself would take what its stack happens to hold.
TEST(Decode, IndicesBeyondAPaletteAreGrey) {
  const std::vector<uint8_t> eight = ShortPalette(
      8, {0xce, 0xe2, 0xff, 0xff}, {0,    0, 0, 16, 'I', 'D',  'A', 'T',  0x78, 1,    1,    5,    0,    0xfa,
                                    0xff, 0, 0, 1,  2,   0xc8, 0,   0xd4, 0,    0xcc, 0x3f, 0x3c, 0x7d, 0x97});
  const std::vector<uint8_t> four =
      ShortPalette(4, {0x0b, 0x12, 0x12, 0xfe}, {0,    0, 0, 14,   'I', 'D',  'A', 'T',  0x78, 1,    1,    3,   0, 0xfc,
                                                 0xff, 0, 1, 0x2f, 0,   0x34, 0,   0x31, 0x25, 0x37, 0x4d, 0x37});
  for (const auto& [file, last] : {std::pair{eight, 200}, std::pair{four, 15}}) {
    const Result<Image> image = Decode(file, {});
    ASSERT_TRUE(image) << image.error().message;
    const std::vector<int> expected{10, 20, 30, 1, 1, 1, 2, 2, 2, last, last, last};
    EXPECT_EQ(std::vector<int>(image->pixels.data(), image->pixels.data() + image->pixels.size()), expected);
  }
}

TEST(Decode, StandsUprightAsPillowTurnsIt) {
  for (const auto& line : Lines("upright.txt")) {
    const Result<Image> image = Decode(ImageFile(line[0]), {});
    ASSERT_TRUE(image) << line[0] << ": " << image.error().message;
    EXPECT_EQ(image->width, Number(line[1])) << line[0];
    EXPECT_EQ(image->height, Number(line[2])) << line[0];
    EXPECT_EQ(Hash(image.value()), line[3]) << line[0];
  }
}

TEST(Decode, OrientationOfJpegFiles) {
  const Result<Image> image = Decode(ImageFile("jpeg-orientation6.jpg"), {});
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->orientation, 6);
  EXPECT_EQ(image->width, 37);
  EXPECT_EQ(image->height, 45);
}

TEST(Decode, AlphaIsComposedOnTheColorThatIsNamed) {
  const RgbColor background{10, 200, 90};
  const std::vector<uint8_t> file = ImageFile("rgba8.png");
  const Result<Image> dropped = Decode(file, {});
  const Result<Image> composed = Decode(file, {.background = background});
  ASSERT_TRUE(dropped && composed);
  // The same file's alpha, from a picture that is black under it: composed on white, black shows 255 - alpha.
  int differing = 0;
  for (size_t i = 0; i < composed->pixels.size(); ++i) {
    const uint8_t ground = i % 3 == 0 ? background.r : i % 3 == 1 ? background.g : background.b;
    const int value = composed->pixels.data()[i], color = dropped->pixels.data()[i];
    EXPECT_GE(value, std::min<int>(ground, color));
    EXPECT_LE(value, std::max<int>(ground, color));
    differing += value != color;
  }
  EXPECT_GT(differing, 500);
}

TEST(Decode, ComposesAsTheFormulaSays) {
  const uint8_t pixels[] = {200, 100, 0, 128, 200, 100, 0, 0, 200, 100, 0, 255};
  const Result<Image> image = FromPixels(pixels, 3, 1, 4, RgbColor{0, 50, 255});
  ASSERT_TRUE(image);
  const std::vector<uint8_t> got(image->pixels.data(), image->pixels.data() + image->pixels.size());
  EXPECT_EQ(got, (std::vector<uint8_t>{100, 75, 127, 0, 50, 255, 200, 100, 0}));
}

TEST(Decode, GreyPixelsOfThreeKinds) {
  const uint8_t grey[] = {7, 9}, rgb[] = {1, 2, 3, 4, 5, 6};
  const Result<Image> one = FromPixels(grey, 2, 1, 1, {}), three = FromPixels(rgb, 2, 1, 3, {});
  ASSERT_TRUE(one && three);
  EXPECT_EQ(std::vector<uint8_t>(one->pixels.data(), one->pixels.data() + 6), (std::vector<uint8_t>{7, 7, 7, 9, 9, 9}));
  EXPECT_EQ(std::vector<uint8_t>(three->pixels.data(), three->pixels.data() + 6), std::vector<uint8_t>(rgb, rgb + 6));
  EXPECT_EQ(FromPixels(rgb, 2, 1, 2, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(FromPixels(rgb, 3, 1, 3, {}).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace resnet50
