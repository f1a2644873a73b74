// Files whose end is damaged or missing: read if no pixel is missing, refused if one is. And sides of any length.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "image/decode.h"
#include "image/header.h"
#include "image_test_files.h"

namespace resnet50::testing {
namespace {

using std::string_view_literals::operator""sv;
using Bytes = std::vector<uint8_t>;

Bytes operator+(Bytes bytes, std::string_view text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}
Bytes operator+(Bytes bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
  return bytes;
}

Bytes Without(const Bytes& file, size_t last) { return {file.begin(), file.end() - ptrdiff_t(last)}; }

size_t Find(const Bytes& file, std::string_view text, size_t from = 0) {
  return size_t(std::search(file.begin() + ptrdiff_t(from), file.end(), text.begin(), text.end(),
                            [](uint8_t a, char b) { return a == uint8_t(b); }) -
                file.begin());
}

std::string HashOf(const Bytes& file) {
  const Result<Image> image = Decode(file, {});
  return image ? Hash(image.value()) : image.error().message;
}

ErrorCode CodeOf(const Bytes& file) {
  const Result<Image> image = Decode(file, {});
  EXPECT_FALSE(image) << "was read";
  return image ? ErrorCode::kInternal : image.error().code;
}

const std::string_view kTails[] = {""sv,        "\xff"sv, "\n"sv, "\0\0\0\0"sv, "\xff\xda"sv, "\xff\xe1\x40\0x"sv,
                                   "\xff\xd8"sv};

TEST(JpegTail, NeedsNoEndMarkerIfAllBlocksAreThere) {
  for (const char* name : {"jpeg420.jpg", "jpeg422.jpg", "jpeg-grey.jpg", "jpeg-cmyk.jpg", "jpeg-rgb.jpg",
                           "jpeg-orientation6.jpg", "jpeg420-progressive.jpg", "jpeg444-progressive.jpg"}) {
    const Bytes whole = ImageFile(name);
    const std::string pixels = HashOf(whole);
    for (const std::string_view tail : kTails) EXPECT_EQ(HashOf(Without(whole, 2) + tail), pixels) << name;
    EXPECT_EQ(HashOf(Without(whole, 2) + Bytes(70000, 'x')), pixels) << name;
  }
}

TEST(JpegTail, StrayBytesAfterAnyScanAreSkipped) {
  for (const char* name : {"jpeg420-progressive.jpg", "jpeg420.jpg", "jpeg-cmyk.jpg"}) {
    const Bytes whole = ImageFile(name);
    for (const std::string_view stray : {"\xff\xd8"sv, "\xff\x01"sv, "x"sv, "\xff\0\0"sv, "\xff\xff"sv}) {
      for (size_t at = Find(whole, "\xff\xda"sv); at < whole.size(); at = Find(whole, "\xff\xda"sv, at + 2)) {
        const Bytes before(whole.begin(), whole.begin() + ptrdiff_t(at)),
            after(whole.begin() + ptrdiff_t(at), whole.end());
        if (stray.front() == 'x' && before.size() > whole.size() / 2) continue;  // they would be taken for data
        EXPECT_EQ(HashOf(before + stray + after), HashOf(whole)) << name << ", " << at;
      }
      EXPECT_EQ(HashOf(Without(whole, 2) + stray + "\xff\xd9"sv), HashOf(whole)) << name;
    }
  }
}

TEST(JpegTail, IsTruncatedIfBlocksAreMissing) {
  for (const char* name : {"jpeg420.jpg", "jpeg-grey.jpg", "jpeg-cmyk.jpg", "jpeg420-progressive.jpg"}) {
    const Bytes whole = ImageFile(name);
    const size_t scan = Find(whole, "\xff\xda"sv);
    // The last bytes may hold nothing but padding and the end of the last block.
    for (size_t cut = 12; cut < whole.size() - scan - 14; cut += 7) {
      EXPECT_EQ(CodeOf(Without(whole, cut)), ErrorCode::kTruncatedImage) << name << " without " << cut;
    }
  }
}

TEST(JpegTail, IsTruncatedIfWholeScansAreMissing) {
  const Bytes whole = ImageFile("jpeg420-progressive.jpg");
  int scans = 0;
  for (size_t at = Find(whole, "\xff\xda"sv); at < whole.size(); at = Find(whole, "\xff\xda"sv, at + 2), ++scans) {
    EXPECT_EQ(CodeOf(Bytes(whole.begin(), whole.begin() + ptrdiff_t(at))), ErrorCode::kTruncatedImage) << scans;
  }
  EXPECT_GT(scans, 5);
}

// The grey picture twice, one above the other, with a restart marker between: 45 x 80 pixels in 6 x 10 blocks.
Bytes WithRestart() {
  Bytes file = ImageFile("jpeg-grey.jpg");
  const size_t frame = Find(file, "\xff\xc0"sv), scan = Find(file, "\xff\xda"sv) + 10;
  file[frame + 6] = 80;
  const Bytes data(file.begin() + ptrdiff_t(scan), file.end() - 2);
  const Bytes interval = Bytes{0xFF, 0xDD, 0, 4, 0, 30};
  const Bytes head(file.begin(), file.begin() + 2), rest(file.begin() + 2, file.begin() + ptrdiff_t(scan));
  return head + interval + rest + data + "\xff\xd0"sv + data + "\xff\xd9"sv;
}

TEST(JpegTail, CountsRestarts) {
  const Bytes whole = WithRestart();
  const Result<Image> image = Decode(whole, {});
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(std::memcmp(image->row(0), image->row(40), size_t(image->width) * kRgb), 0);
  EXPECT_EQ(HashOf(Without(whole, 2)), Hash(image.value()));
  const size_t restart = Find(whole, "\xff\xd0"sv);
  for (const size_t end : {restart, restart + 2}) {
    EXPECT_EQ(CodeOf(Bytes(whole.begin(), whole.begin() + ptrdiff_t(end))), ErrorCode::kTruncatedImage) << end;
  }
}

Bytes Chunk(std::string_view name, const Bytes& data, bool right = true) {
  const auto number = [](uint32_t v) { return Bytes{uint8_t(v >> 24), uint8_t(v >> 16), uint8_t(v >> 8), uint8_t(v)}; };
  const Bytes body = Bytes() + name + data;
  uint32_t crc = 0xFFFFFFFFU;
  for (const uint8_t byte : body) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320U : 0U);
  }
  return number(uint32_t(data.size())) + body + number(right ? ~crc : crc);
}

// A grey PNG, not compressed, whose pixels count up.
struct Png {
  Bytes head, zlib;

  Png(uint32_t width, uint32_t height) {
    const Bytes size{uint8_t(width >> 24),  uint8_t(width >> 16),  uint8_t(width >> 8),  uint8_t(width),
                     uint8_t(height >> 24), uint8_t(height >> 16), uint8_t(height >> 8), uint8_t(height)};
    head = Bytes() + "\x89PNG\r\n\x1a\n"sv + Chunk("IHDR", size + "\x08\0\0\0\0"sv);
    Bytes raw;
    for (uint32_t y = 0; y < height; ++y) {
      raw.push_back(0);
      for (uint32_t x = 0; x < width; ++x) raw.push_back(uint8_t(x + y));
    }
    zlib = {0x78, 1};
    uint32_t a = 1, b = 0;
    for (const uint8_t byte : raw) {
      a = (a + byte) % 65521;
      b = (b + a) % 65521;
    }
    for (size_t at = 0; at < raw.size(); at += 60000) {
      const size_t n = std::min<size_t>(60000, raw.size() - at);
      zlib = zlib + Bytes{uint8_t(at + n == raw.size()), uint8_t(n), uint8_t(n >> 8), uint8_t(~n), uint8_t(~n >> 8)};
      zlib.insert(zlib.end(), raw.begin() + ptrdiff_t(at), raw.begin() + ptrdiff_t(at + n));
    }
    zlib = zlib + Bytes{uint8_t(b >> 8), uint8_t(b), uint8_t(a >> 8), uint8_t(a)};
  }
};

TEST(PngTail, IsReadIfThePixelsAreComplete) {
  const Png png(40, 30);
  const Bytes pixels = Chunk("IDAT", png.zlib), end = Chunk("IEND", {}), text = Bytes() + "Comment\0x"sv;
  const std::string whole = HashOf(png.head + pixels + end);
  const Bytes first(png.zlib.begin(), png.zlib.begin() + 100), second(png.zlib.begin() + 100, png.zlib.end());
  const Bytes tails[] = {
      pixels,                                                     // no end
      pixels + Bytes(end.begin(), end.begin() + 6),               // half of it
      pixels + Chunk("IEND", {}, false),                          // its checksum is wrong
      Without(pixels, 4),                                         // the pixels' checksum is missing
      Without(pixels, 2),                                         // half of it
      Without(pixels, 8),                                         // that of their contents as well
      Chunk("IDAT", png.zlib, false) + end,                       // it is wrong
      Chunk("IDAT", first) + Chunk("IDAT", second, false) + end,  // of one of two
      pixels + Chunk("tEXt", text, false) + end,                  // a text's checksum is wrong
      Chunk("tEXt", text, false) + pixels + end,                  // also before the pixels
      pixels + Bytes(64, 0),                                      // zeros for an end
      pixels + "garbage!garbage!"sv,                              // text
      pixels + "\xff\xff\xff\xfftEXtabc"sv,                       // an impossible chunk
      pixels + Chunk("ABCD", text) + end,                         // an unknown one
      pixels + Chunk("IDAT", {}) + end,                           // an empty one
  };
  for (size_t i = 0; i < std::size(tails); ++i) EXPECT_EQ(HashOf(png.head + tails[i]), whole) << i;
}

TEST(PngTail, IsRefusedIfPixelsAreMissingOrWrong) {
  const Png png(40, 30);
  const Bytes pixels = Chunk("IDAT", png.zlib), end = Chunk("IEND", {});
  EXPECT_EQ(CodeOf(png.head + Without(pixels, 12)), ErrorCode::kTruncatedImage);
  EXPECT_EQ(CodeOf(png.head), ErrorCode::kTruncatedImage);
  Bytes wrong = png.zlib;
  wrong[300] ^= 0x55;
  EXPECT_EQ(CodeOf(png.head + Chunk("IDAT", wrong, false) + end), ErrorCode::kCorruptImage);
  Bytes head = png.head;
  head[18] ^= 1;  // the width
  EXPECT_EQ(CodeOf(head + pixels + end), ErrorCode::kCorruptImage);
}

TEST(LongSides, AreReadWithinTheLimitOfPixels) {
  for (const auto& [width, height] :
       {std::pair<uint32_t, uint32_t>{1, 60000}, {60000, 1}, {20000, 10}, {16385, 4}, {200000, 2}}) {
    const Png png(width, height);
    const Bytes file = png.head + Chunk("IDAT", png.zlib) + Chunk("IEND", {});
    const Result<Image> image = Decode(file, {});
    ASSERT_TRUE(image) << width << " x " << height << ": " << image.error().message;
    EXPECT_EQ(image->width, int(width));
    EXPECT_EQ(image->row(image->height - 1)[size_t(image->width - 1) * kRgb], uint8_t(width + height - 2));
    EXPECT_FALSE(Decode(file, {.max_pixels = uint64_t(width) * height - 1}));
  }
}

// On 32-bit platforms their bytes could not even be counted.
TEST(LongSides, ProductsThatPassTheAddressSpaceAreRefused) {
  const uint64_t any = UINT64_MAX;
  for (const auto& [width, height] :
       {std::pair<uint32_t, uint32_t>{1U << 24, 1U << 24}, {1U << 24, 17}, {(1U << 24) + 1, 1}, {1U << 30, 1U << 30}}) {
    const Png png(1, 1);
    Bytes size{uint8_t(width >> 24),  uint8_t(width >> 16),  uint8_t(width >> 8),  uint8_t(width),
               uint8_t(height >> 24), uint8_t(height >> 16), uint8_t(height >> 8), uint8_t(height)};
    const Bytes head = Bytes() + "\x89PNG\r\n\x1a\n"sv + Chunk("IHDR", size + "\x08\0\0\0\0"sv);
    const Result<Image> image = Decode(head + Chunk("IDAT", png.zlib) + Chunk("IEND", {}), {.max_pixels = any});
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, ErrorCode::kImageTooLarge) << width << " x " << height;
  }
  EXPECT_EQ(AllocateImage(1 << 20, 1 << 20).error().code, ErrorCode::kImageTooLarge);
}

}  // namespace
}  // namespace resnet50::testing
