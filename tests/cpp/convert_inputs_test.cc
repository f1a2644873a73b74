// What conversion makes from nothing: generated calibration pictures and the range of normalized images; and the gzip
// files it writes, read back by zlib.
#include <gtest/gtest.h>
#include <zlib.h>

#include <numeric>
#include <set>

#include "base/random.h"
#include "convert/generated_images.h"
#include "convert/gzip.h"
#include "network_fixture.h"
#include "quantize/calibration.h"

namespace resnet50::testing {
namespace {

TEST(GeneratedImages, AreTheSameForTheSameIndexAndOthersForAnother) {
  const std::vector<uint8_t> first = GenerateCalibrationImage(0, 64);
  EXPECT_EQ(first.size(), size_t{64} * 64 * 3);
  EXPECT_EQ(GenerateCalibrationImage(0, 64), first);
  EXPECT_NE(GenerateCalibrationImage(1, 64), first);
  EXPECT_EQ(GenerateCalibrationImage(9, 1).size(), 3U);
}

// Photos: neighbours mostly alike, sharp edges between, many shades.
TEST(GeneratedImages, HaveFlatAreasAndEdges) {
  constexpr int kSide = 96;
  size_t alike = 0, edges = 0, pairs = 0;
  std::set<uint8_t> shades;
  for (uint32_t index = 0; index < 8; ++index) {
    const std::vector<uint8_t> rgb = GenerateCalibrationImage(index, kSide);
    for (int y = 0; y < kSide; ++y) {
      for (int x = 1; x < kSide; ++x) {
        const size_t at = size_t(y * kSide + x) * 3;
        const int step = std::abs(int(rgb[at]) - int(rgb[at - 3]));
        alike += step <= 8;
        edges += step >= 40;
        ++pairs;
        shades.insert(rgb[at]);
      }
    }
  }
  EXPECT_GT(alike, pairs / 2);
  EXPECT_GT(edges, pairs / 100);
  EXPECT_GT(shades.size(), 200U);
}

TEST(NormalizedRange, IsThatOfBlackAndWhite) {
  const float mean[] = {0.485F, 0.456F, 0.406F}, deviation[] = {0.229F, 0.224F, 0.225F};
  const Range range = NormalizedRange(mean, deviation);
  EXPECT_FLOAT_EQ(range.min, -0.485F / 0.229F);
  EXPECT_FLOAT_EQ(range.max, 0.594F / 0.225F);
}

std::vector<uint8_t> Gunzip(std::span<const uint8_t> bytes, size_t size) {
  std::vector<uint8_t> output(size + 1);
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = uInt(bytes.size());
  stream.next_out = output.data();
  stream.avail_out = uInt(output.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  output.resize(stream.total_out);
  inflateEnd(&stream);
  return output;
}

TEST(Gzip, IsReadBackByteForByte) {
  Random random(2);
  std::vector<uint8_t> noise(100'000), few(100'000);
  for (uint8_t& v : noise) v = uint8_t(random.Between(0.0F, 255.99F));
  for (uint8_t& v : few) v = uint8_t(random.Unit() < 0.9F ? 0 : 1);
  for (const std::vector<uint8_t>& bytes : {noise, few, std::vector<uint8_t>(5000, 3), std::vector<uint8_t>{}}) {
    const std::vector<uint8_t> packed = Take(Gzip(bytes));
    EXPECT_EQ(Gunzip(packed, bytes.size()), bytes);
    EXPECT_EQ(Take(Gzip(bytes)), packed);
    ASSERT_GE(packed.size(), 18U);
    EXPECT_EQ(std::accumulate(packed.begin() + 4, packed.begin() + 8, 0), 0) << "a date";
    EXPECT_LE(packed.size(), bytes.size() + bytes.size() / 100 + 64);
  }
  EXPECT_LT(Take(Gzip(few)).size(), few.size() / 8);
}

}  // namespace
}  // namespace resnet50::testing
