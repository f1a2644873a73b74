// The layout of weight shards: what WriteShard writes, ParseShard reads; shards of earlier versions are told by shapes.
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "tensor_values.h"
#include "weights/safetensors_writer.h"
#include "weights/shard_format.h"

namespace resnet50 {
namespace {

constexpr const char* kFile = "shard.safetensors";

// Four output channels of a 3x3 convolution over two channels.
const LayerShape kShape{.out_channels = 4, .in_channels = 2, .kernel = 3, .is_linear = false};

std::vector<int8_t> Codes() {
  std::vector<int8_t> codes(4 * kShape.row());
  std::iota(codes.begin(), codes.end(), int8_t(-36));
  return codes;
}

const std::vector<float> kVector{1, 2, 3, 4};

std::vector<uint8_t> Int8Shard(const std::vector<int8_t>& codes, WeightOrder order) {
  const LayerPiece piece{
      .layer = "layer1.0.conv2", .shape = kShape, .channels = 4, .codes = codes, .scale = kVector, .bias = kVector};
  return WriteShard({&piece, 1}, order).value();
}

TEST(ShardFormat, CodesComeBackInTheNetworksOrderWhicheverTheyAreStoredIn) {
  const std::vector<int8_t> codes = Codes();
  for (const WeightOrder order : {WeightOrder::kOhwi, WeightOrder::kOihw}) {
    const std::vector<uint8_t> bytes = Int8Shard(codes, order);
    const Result<Shard> shard = ParseShard(bytes, kFile);
    ASSERT_TRUE(shard) << shard.error().message;
    EXPECT_EQ(shard->order, order);
    ASSERT_EQ(shard->pieces.size(), 1U);
    const StoredPiece& piece = shard->pieces[0];
    EXPECT_EQ(piece.layer, "layer1.0.conv2");
    ASSERT_NE(piece.weight, nullptr);
    EXPECT_EQ(OrderOf(*piece.weight, kShape, 4, shard->order), order);
    EXPECT_EQ(order == WeightOrder::kOihw ? ToOhwi(testing::ValuesOf<int8_t>(*piece.weight), kShape)
                                          : testing::ValuesOf<int8_t>(*piece.weight),
              codes);
    EXPECT_EQ(testing::ValuesOf<float>(*piece.scale), kVector);
  }
}

TEST(ShardFormat, KernelsOf1x1KeepTheirShapeInEitherLayout) {
  const LayerShape point{.out_channels = 4, .in_channels = 2, .kernel = 1, .is_linear = false};
  const std::vector<int8_t> codes{1, 2, 3, 4, 5, 6, 7, 8};
  const LayerPiece piece{
      .layer = "layer1.0.conv1", .shape = point, .channels = 4, .codes = codes, .scale = kVector, .bias = kVector};
  const std::vector<uint8_t> bytes = WriteShard({&piece, 1}, WeightOrder::kOihw).value();
  const Result<Shard> shard = ParseShard(bytes, kFile);
  ASSERT_TRUE(shard);
  EXPECT_EQ(shard->pieces[0].weight->shape, (std::vector<int64_t>{4, 1, 1, 2}));
  EXPECT_EQ(OrderOf(*shard->pieces[0].weight, point, 4, shard->order), WeightOrder::kOhwi);
}

TEST(ShardFormat, PiecesAreNamedByTheirFirstChannelAndF32BringsItsBatchNorm) {
  const std::vector<float> real(2 * kShape.row(), 0.5F);
  LayerPiece piece{.layer = "conv1", .shape = kShape, .first = 2, .channels = 2, .real = real};
  piece.bias = std::span(kVector).first(2);
  piece.batch_norm = "bn1";
  for (auto& values : piece.batch_norm_values) values = std::span(kVector).last(2);
  const std::vector<uint8_t> bytes = WriteShard({&piece, 1}, WeightOrder::kOhwi).value();
  const Result<Shard> shard = ParseShard(bytes, kFile);
  ASSERT_TRUE(shard);
  std::vector<std::string> names;
  for (const SafetensorsTensor& tensor : shard->file.tensors) names.push_back(tensor.name);
  EXPECT_EQ(names, (std::vector<std::string>{"conv1.weight#2", "conv1.bias#2", "bn1.weight#2", "bn1.bias#2",
                                             "bn1.running_mean#2", "bn1.running_var#2"}));
  ASSERT_EQ(shard->pieces.size(), 2U);
  EXPECT_EQ(shard->pieces[0].first, 2U);
  EXPECT_EQ(shard->pieces[1].layer, "bn1");
  EXPECT_NE(shard->pieces[1].other, nullptr);
}

// A shard of one weight, with the given metadata.
std::vector<uint8_t> WeightOnly(std::vector<int64_t> shape, const SafetensorsMetadata& metadata) {
  const std::vector<int8_t> codes = Codes();
  const TensorToWrite weight{"conv1.weight",
                             TensorType::kI8,
                             std::move(shape),
                             {reinterpret_cast<const uint8_t*>(codes.data()), codes.size()}};
  return WriteSafetensors({&weight, 1}, metadata).value();
}

TEST(ShardFormat, WithoutALayoutTheShapeTells) {
  for (const bool oihw : {false, true}) {
    const std::vector<uint8_t> bytes =
        WeightOnly(oihw ? std::vector<int64_t>{4, 2, 3, 3} : std::vector<int64_t>{4, 3, 3, 2}, {});
    const Result<Shard> shard = ParseShard(bytes, kFile);
    ASSERT_TRUE(shard);
    EXPECT_EQ(shard->order, std::nullopt);
    EXPECT_EQ(OrderOf(*shard->pieces[0].weight, kShape, 4, shard->order),
              oihw ? WeightOrder::kOihw : WeightOrder::kOhwi);
  }
}

TEST(ShardFormat, ALayoutThatTheShapesContradictOrThatIsUnknownIsRefused) {
  const std::vector<uint8_t> contradicted = WeightOnly({4, 2, 3, 3}, {{"layout", "OHWI"}});
  const Result<Shard> shard = ParseShard(contradicted, kFile);
  ASSERT_TRUE(shard);
  EXPECT_EQ(OrderOf(*shard->pieces[0].weight, kShape, 4, shard->order), std::nullopt);
  const std::vector<uint8_t> unknown = WeightOnly({4, 2, 3, 3}, {{"layout", "HWIO"}});
  const Result<Shard> refused = ParseShard(unknown, kFile);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kWeightsMismatch);
  EXPECT_EQ(refused.error().subject, kFile);
  EXPECT_NE(refused.error().message.find("HWIO"), std::string::npos);
}

}  // namespace
}  // namespace resnet50
