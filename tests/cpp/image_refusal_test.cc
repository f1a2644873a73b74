// What is refused, and how: every error names its reason, and no file, however broken, does harm.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/random.h"
#include "image/decode.h"
#include "image/header.h"
#include "image_test_files.h"

namespace resnet50 {
namespace {

using testing::ImageFile;

ErrorCode CodeOf(std::span<const uint8_t> bytes, const DecodeOptions& options = {}) {
  const Result<Image> image = Decode(bytes, options);
  EXPECT_FALSE(image) << "was read";
  return image ? ErrorCode::kInternal : image.error().code;
}

std::vector<uint8_t> Bytes(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Refusal, FormatsAreNamedWithARemedy) {
  for (const auto& [file, format] :
       {std::pair{"refused.gif", "GIF"}, {"refused.webp", "WebP"}, {"refused.tif", "TIFF"}}) {
    const Result<Image> image = Decode(ImageFile(file), {});
    ASSERT_FALSE(image) << file;
    EXPECT_EQ(image.error().code, ErrorCode::kUnsupportedFormat) << file;
    EXPECT_NE(image.error().message.find(format), std::string::npos) << image.error().message;
    EXPECT_NE(image.error().message.find("convert it"), std::string::npos) << image.error().message;
  }
}

TEST(Refusal, WhatIsNoImageIsSaid) {
  EXPECT_EQ(CodeOf({}), ErrorCode::kNotAnImage);
  EXPECT_EQ(CodeOf(Bytes("hello")), ErrorCode::kNotAnImage);
  const Result<Image> page = Decode(Bytes("<!DOCTYPE html><html>404</html>"), {});
  EXPECT_NE(page.error().message.find("web page"), std::string::npos);
}

// The most memory that this process has had, in kilobytes; 0 where the system does not say.
size_t PeakKilobytes() {
#if defined(__linux__) && !defined(__EMSCRIPTEN__)
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return size_t(std::stoul(line.substr(6)));
  }
#endif
  return 0;
}

// A PNG header that promises width x height pixels, and little else.
std::vector<uint8_t> Bomb(uint32_t width, uint32_t height) {
  std::vector<uint8_t> file = ImageFile("rgb8.png");
  for (int i = 0; i < 4; ++i) {
    file[size_t(16 + i)] = uint8_t(width >> (24 - 8 * i));
    file[size_t(20 + i)] = uint8_t(height >> (24 - 8 * i));
  }
  uint32_t crc = 0xFFFFFFFFU;
  for (size_t i = 12; i < 29; ++i) {
    crc ^= file[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320U : 0U);
  }
  for (int i = 0; i < 4; ++i) file[size_t(29 + i)] = uint8_t(~crc >> (24 - 8 * i));
  return file;
}

TEST(Refusal, SizesAreCheckedInTheHeader) {
  const Result<Image> huge = Decode(Bomb(60000, 60000), {});
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, ErrorCode::kImageTooLarge);
  EXPECT_NE(huge.error().message.find("60000 x 60000"), std::string::npos) << huge.error().message;
  // 16000 x 16000 is within the sides' limit, but no file of 2 KB holds so many pixels.
  EXPECT_EQ(CodeOf(Bomb(16000, 16000)), ErrorCode::kCorruptImage);
  EXPECT_EQ(CodeOf(Bomb(16000, 16000), {.max_pixels = 1000}), ErrorCode::kImageTooLarge);
  for (const char* name : {"rgb8.png", "rgb24.bmp", "jpeg444.jpg"}) {
    EXPECT_EQ(CodeOf(ImageFile(name), {.max_pixels = 29 * 19 - 1}), ErrorCode::kImageTooLarge) << name;
  }
  EXPECT_TRUE(Decode(ImageFile("rgb8.png"), {.max_pixels = 29 * 19}));
}

// Formats whose readers in stb_image have known memory errors: the header ends them, whatever follows.
TEST(Refusal, UnsafeReadersOfTheLibraryCannotBeReached) {
  struct Lure {
    const char* format;
    std::vector<uint8_t> header;
  };
  const Lure lures[] = {
      {"GIF", Bytes("GIF89a")},
      {"PIC", {0x53, 0x80, 0xF6, 0x34}},
      {"TGA, true color", {0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 16, 0, 24, 0}},
      {"TGA, runs", {0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 16, 0, 32, 8}},
      {"HDR", Bytes("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 8 +X 8\n")},
      {"HDR, older", Bytes("#?RGBE\nFORMAT=32-bit_rle_rgbe\n\n-Y 8 +X 8\n")},
      {"PSD", Bytes("8BPS")},
      {"PNM", Bytes("P6 16 16 255\n")},
  };
  for (const Lure& lure : lures) {
    std::vector<uint8_t> file = lure.header;
    file.resize(4096, 0x80);
    const ErrorCode code = CodeOf(file);
    EXPECT_TRUE(code == ErrorCode::kUnsupportedFormat || code == ErrorCode::kNotAnImage) << lure.format;
  }
}

// A file of one megabyte whose header promises 60000 x 60000 pixels: refused before anything is allocated for it.
TEST(Refusal, ABombCostsNoMemory) {
  std::vector<uint8_t> file = Bomb(60000, 60000);
  file.resize(1 << 20, 0);
  const size_t before = PeakKilobytes();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(CodeOf(file), ErrorCode::kImageTooLarge);
  // 60000 x 60000 x 3 bytes are 10 GB, and a copy of the file a megabyte; the messages are small.
  EXPECT_LT(PeakKilobytes() - before, 1024U);
}

// Every scan of a progressive JPEG is a pass over all pixels: small files with very many of them would take minutes.
TEST(Refusal, ManyScansAreRefused) {
  const std::vector<uint8_t> whole = ImageFile("jpeg420-progressive.jpg");
  constexpr uint8_t kScan[] = {0xFF, 0xDA};
  const auto last = std::find_end(whole.begin(), whole.end(), std::begin(kScan), std::end(kScan));
  const auto end = whole.end() - 2;  // before the end marker
  const auto repeated = [&](int times) {
    std::vector<uint8_t> file(whole.begin(), end);
    for (int i = 0; i < times; ++i) file.insert(file.end(), last, end);
    file.insert(file.end(), end, whole.end());
    return file;
  };
  EXPECT_TRUE(ReadHeader(repeated(50)));
  EXPECT_EQ(CodeOf(repeated(100)), ErrorCode::kCorruptImage);
}

// Every beginning of a file is either the picture (a missing end that carries no pixels) or a typed refusal.
TEST(Refusal, EveryTruncationIsATypedError) {
  for (const char* name : {"rgba8-adam7.png", "palette4.png", "rgb565.bmp", "runs8.bmp", "jpeg420.jpg",
                           "jpeg420-progressive.jpg", "jpeg-cmyk.jpg", "orientation6.png"}) {
    const std::vector<uint8_t> whole = ImageFile(name);
    for (size_t length = 0; length < whole.size(); ++length) {
      const std::vector<uint8_t> part(whole.begin(), whole.begin() + ptrdiff_t(length));
      const Result<Image> image = Decode(part, {});
      if (image) continue;
      const ErrorCode code = image.error().code;
      EXPECT_TRUE(code == ErrorCode::kNotAnImage || code == ErrorCode::kTruncatedImage ||
                  code == ErrorCode::kCorruptImage)
          << name << " of " << length << " bytes: " << image.error().message;
    }
    EXPECT_FALSE(Decode(std::span(whole).first(whole.size() / 2), {})) << name << " cut in half was read";
  }
}

// Bytes changed at random: the sanitizers watch, and the decoder must come back with either answer.
TEST(Refusal, DamagedFilesDoNoHarm) {
  Random random(7);
  int refused = 0;
  for (const char* name : {"rgb16.png", "palette1-adam7.png", "rgb555.bmp", "palette8.bmp", "runs8.bmp", "jpeg422.jpg",
                           "jpeg422-progressive.jpg", "jpeg-cmyk.jpg", "jpeg-orientation6.jpg"}) {
    const std::vector<uint8_t> whole = ImageFile(name);
    for (int round = 0; round < 150; ++round) {
      std::vector<uint8_t> damaged = whole;
      const uint32_t changes = 1 + random.Next() % 4;
      for (uint32_t i = 0; i < changes; ++i) damaged[random.Next() % damaged.size()] = uint8_t(random.Next());
      const Result<Image> image = Decode(damaged, {.max_pixels = 1 << 20});
      refused += !image;
      if (!image) {
        EXPECT_NE(image.error().code, ErrorCode::kInternal) << name;
        EXPECT_FALSE(image.error().message.empty()) << name;
      }
    }
  }
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace resnet50
