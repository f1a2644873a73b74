// Files with something wrong, of which the library behind the decoder makes too little or too much: what other decoders
// read is read, with the same pixels; what has no right pixels is refused.
#include <functional>

#include "image/decode.h"
#include "image_parts.h"
#include "image_test_files.h"

namespace resnet50 {
namespace {

using fuzz::ChunkName;
using fuzz::ImageParts;
using fuzz::Part;
using testing::Hash;
using testing::ImageFile;

using Change = std::function<void(std::vector<Part>&)>;

constexpr uint32_t kFrame = 0xC0, kHuffman = 0xC4, kArithmetic = 0xCC, kScan = 0xDA, kQuantization = 0xDB;
constexpr uint32_t kHeight = 0xDC, kInterval = 0xDD;
constexpr uint32_t kPalette = ChunkName("PLTE"), kTransparency = ChunkName("tRNS"), kPixels = ChunkName("IDAT");

std::vector<uint8_t> Changed(const char* name, const Change& change) {
  ImageParts image = *fuzz::TakeApart(ImageFile(name));
  change(image.parts);
  return fuzz::PutTogether(image, SIZE_MAX);
}

// The index of the first part of that name.
size_t Find(const std::vector<Part>& parts, uint32_t name) {
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].name == name) return i;
  }
  ADD_FAILURE() << "no part " << name;
  return 0;
}

Change Before(uint32_t name, Part part) {
  return [=](std::vector<Part>& parts) { parts.insert(parts.begin() + ptrdiff_t(Find(parts, name)), part); };
}
Change Without(uint32_t name) {
  return [=](std::vector<Part>& parts) { std::erase_if(parts, [=](const Part& part) { return part.name == name; }); };
}

void ExpectSamePixels(const char* name, const Change& change, const char* what) {
  const Result<Image> whole = Decode(ImageFile(name), {}), changed = Decode(Changed(name, change), {});
  ASSERT_TRUE(whole) << name;
  ASSERT_TRUE(changed) << name << ", " << what << ": " << changed.error().message;
  EXPECT_EQ(Hash(changed.value()), Hash(whole.value())) << name << ", " << what;
}

void ExpectCorrupt(const char* name, const Change& change, const char* reason) {
  const Result<Image> image = Decode(Changed(name, change), {});
  ASSERT_FALSE(image) << name << " was read, expected: " << reason;
  EXPECT_EQ(image.error().code, ErrorCode::kCorruptImage) << reason;
  EXPECT_NE(image.error().message.find(reason), std::string::npos) << image.error().message;
}

// Cameras that film leave out the tables that every frame would have.
TEST(DamagedJpeg, FramesOfMotionJpegAreRead) {
  for (const char* name : {"jpeg444.jpg", "jpeg422.jpg", "jpeg420.jpg", "jpeg-grey.jpg", "jpeg-cmyk.jpg"}) {
    ExpectSamePixels(name, Without(kHuffman), "without Huffman tables");
  }
  ExpectCorrupt("jpeg444-progressive.jpg", Without(kHuffman), "lacks its tables");
}

TEST(DamagedJpeg, SegmentsWithoutMeaningArePassedOver) {
  for (const char* name : {"jpeg420.jpg", "jpeg420-progressive.jpg"}) {
    ExpectSamePixels(name, Before(kQuantization, {kHeight, {0, 99}, {}}), "height before the frame");
    ExpectSamePixels(name, Before(kScan, {kHeight, {0, 99}, {}}), "another height behind the frame");
    ExpectSamePixels(name, Before(kScan, {kArithmetic, {0, 0}, {}}), "arithmetic coding's tables");
  }
  ExpectSamePixels(
      "jpeg420.jpg",
      [](std::vector<Part>& parts) {
        std::vector<uint8_t>& scan = parts[Find(parts, kScan)].body;
        scan[scan.size() - 3] = 5, scan[scan.size() - 1] = 0x31;
      },
      "spectrum of a sequential scan");
}

TEST(DamagedJpeg, WhatHidesPixelsIsRefused) {
  const auto change = [](uint32_t name, const std::function<void(std::vector<uint8_t>&)>& body) -> Change {
    return [=](std::vector<Part>& parts) { body(parts[Find(parts, name)].body); };
  };
  for (const char* name : {"jpeg420.jpg", "jpeg420-progressive.jpg"}) {
    ExpectCorrupt(name, Without(kQuantization), "lacks its tables");
    ExpectCorrupt(name, change(kHuffman, [](auto& body) { body[0] = 0x05; }), "Huffman table is damaged");
    ExpectCorrupt(name, change(kHuffman, [](auto& body) { body[1] = 3; }), "Huffman table is damaged");
    ExpectCorrupt(name, change(kHuffman, [](auto& body) { body.pop_back(); }), "Huffman table is damaged");
    ExpectCorrupt(name, change(kQuantization, [](auto& body) { body[0] = 0x20; }), "quantization table is damaged");
    ExpectCorrupt(name, change(kQuantization, [](auto& body) { body.push_back(0); }), "quantization table is damaged");
    // Behind the frame the decoder takes any of these for the end.
    ExpectCorrupt(name, Before(kScan, {kHuffman, {0x05}, {}}), "Huffman table is damaged");
    ExpectCorrupt(name, Before(kScan, {kQuantization, {0, 1}, {}}), "quantization table is damaged");
    ExpectCorrupt(name, Before(kScan, {kInterval, {1}, {}}), "restart interval is damaged");
    ExpectCorrupt(name, Before(kScan, {kInterval, {0, 1}, {}}), "restart markers are missing");
    ExpectCorrupt(name, Before(kScan, {0xF3, {1}, {}}), "segment of an unknown kind");
    ExpectCorrupt(name, Before(kScan, {kFrame, {8, 0, 9, 0, 9, 1, 1, 0x11, 0}, {}}), "two frame headers");
    ExpectCorrupt(name, change(kScan, [](auto& body) { body.pop_back(); }), "scan header is damaged");
  }
  ExpectCorrupt("jpeg444.jpg", change(kScan, [](auto& body) { body = {1, body[1], body[2], 0, 63, 0}; }),
                "leave out a component");
}

// Restart markers where none belongs, or later than expected: the decoder stops there and says that all is well.
TEST(DamagedJpeg, PicturesThatStopInTheirMiddleAreRefused) {
  const auto with_marker = [](std::vector<Part>& parts) {
    std::vector<uint8_t>& pixels = parts[Find(parts, kScan)].tail;
    const uint8_t restart[] = {0xFF, 0xD0};
    pixels.insert(pixels.begin() + ptrdiff_t(pixels.size() / 2), restart, restart + 2);
  };
  ExpectCorrupt("jpeg420-progressive.jpg", with_marker, "marker");
  ExpectCorrupt("jpeg444-progressive.jpg", with_marker, "marker");
  // The same behind all blocks, where it hides nothing.
  ExpectSamePixels(
      "jpeg-grey.jpg",
      [](std::vector<Part>& parts) {
        std::vector<uint8_t>& pixels = parts[Find(parts, kScan)].tail;
        pixels.insert(pixels.end(), {0xFF, 0xD0, 1, 2, 3, 0xFF, 0xD1, 4});
      },
      "more rows than the picture has");
}

// A reason that the library left from another file says nothing of this one.
TEST(DamagedJpeg, ReasonsAreOfTheFileItself) {
  const auto no_such_component = [](std::vector<Part>& parts) { parts[Find(parts, kScan)].body[1] = 99; };
  EXPECT_FALSE(Decode(Changed("palette8.png", Without(kPalette)), {}));
  const Result<Image> image = Decode(Changed("jpeg420.jpg", no_such_component), {});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().message.find("PLTE"), std::string::npos) << image.error().message;
}

TEST(DamagedPng, TransparencyThatFitsNoPixelsIsPassedOver) {
  const auto behind_pixels = [](std::vector<Part>& parts) {
    parts.insert(parts.end() - 1, Part{kTransparency, {0, 1, 0, 1, 0, 1}, {}});
  };
  for (const char* name : {"rgb8.png", "rgba8.png", "grey8.png", "palette8.png"}) {
    for (const size_t length : {0, 1, 3, 5, 7, 300}) {
      ExpectSamePixels(name, Before(kPixels, {kTransparency, std::vector<uint8_t>(length, 1), {}}), "odd length");
    }
    ExpectSamePixels(name, behind_pixels, "behind the pixels");
  }
  ExpectSamePixels("palette8.png", Before(kPalette, {kTransparency, {0, 1}, {}}), "before the palette");
  // With a color behind it too: as if it were not there.
  DecodeOptions options;
  options.background = RgbColor{255, 0, 0};
  const Result<Image> image = Decode(Changed("rgb8.png", Before(kPixels, {kTransparency, {1, 2, 3}, {}})), options);
  ASSERT_TRUE(image);
  EXPECT_EQ(Hash(image.value()), Hash(Decode(ImageFile("rgb8.png"), {}).value()));
}

TEST(DamagedPng, PalettesOfPicturesWithoutIndicesArePassedOver) {
  for (const size_t length : {1, 4, 771}) {
    for (const char* name : {"rgb8.png", "grey8.png"}) {
      ExpectSamePixels(name, Before(kPixels, {kPalette, std::vector<uint8_t>(length, 1), {}}), "odd length");
    }
    ExpectCorrupt(
        "palette8.png", [=](std::vector<Part>& parts) { parts[Find(parts, kPalette)].body.assign(length, 1); }, "PLTE");
  }
  ExpectCorrupt("palette8.png", Before(kPixels, {kPalette, {1, 2, 3}, {}}), "two palettes");
}

TEST(DamagedPng, EmptyChunksBeforeThePixelsArePassedOver) {
  const Part empty{kPixels, {}, {}};
  ExpectSamePixels("rgb8.png", Before(kPixels, empty), "one");
  ExpectSamePixels(
      "palette8.png",
      [&](std::vector<Part>& parts) {
        for (int i = 0; i < 3; ++i) Before(kPixels, empty)(parts);
        Before(kPixels, {ChunkName("tEXt"), {'a', 0}, {}})(parts);
        Before(kPalette, empty)(parts);
      },
      "several, one before the palette");
}

}  // namespace
}  // namespace resnet50
