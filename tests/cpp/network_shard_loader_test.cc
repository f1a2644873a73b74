// Shards that do not fit: refused by name, and the network goes on as it was. What fits is in convert_shards_test.cc.
#include <gtest/gtest.h>

#include "network/shard_loader.h"
#include "network_fixture.h"
#include "weights/safetensors_writer.h"

namespace resnet50::testing {
namespace {

constexpr int kClasses = 4;

// One layer's tensors, to be spoiled.
struct Piece {
  std::string layer;
  std::vector<int64_t> shape;
  std::vector<int8_t> weight;
  std::vector<float> scale, bias;
  std::string mark;  // '#first'

  std::vector<TensorToWrite> tensors() const {
    const std::vector<int64_t> channels{int64_t(scale.size())};
    const auto floats = [](const std::vector<float>& v) {
      return std::span(reinterpret_cast<const uint8_t*>(v.data()), v.size() * sizeof(float));
    };
    return {{layer + ".scale" + mark, TensorType::kF32, channels, floats(scale)},
            {layer + ".bias" + mark, TensorType::kF32, channels, floats(bias)},
            {layer + ".weight" + mark,
             TensorType::kI8,
             shape,
             {reinterpret_cast<const uint8_t*>(weight.data()), weight.size()}}};
  }
};

Piece MakePiece(const std::string& name, size_t first = 0, size_t channels = 0) {
  for (const Layer& layer : ResNet50Layers(kClasses)) {
    if (layer.name != name) continue;
    const size_t all = size_t(layer.out_channels), row = layer.weight_count() / all;
    if (channels == 0) channels = all;
    Random random(5);
    std::vector<int8_t> weight(layer.weight_count());
    for (int8_t& w : weight) w = int8_t(random.Between(-127.0F, 127.0F));
    std::vector<float> scale(all), bias(all);
    for (float& s : scale) s = random.Between(0.001F, 0.002F);
    for (float& b : bias) b = random.Between(-0.1F, 0.1F);
    const auto cut = [&](const auto& from, size_t each) {
      return std::vector(from.begin() + ptrdiff_t(first * each), from.begin() + ptrdiff_t((first + channels) * each));
    };
    std::vector<int64_t> shape{int64_t(channels), layer.in_channels};
    if (layer.kind == LayerKind::kConvolution) {
      shape = {int64_t(channels), layer.kernel, layer.kernel, layer.in_channels};
    }
    return {name,          std::move(shape), cut(weight, row),
            cut(scale, 1), cut(bias, 1),     channels == all ? "" : "#" + std::to_string(first)};
  }
  ADD_FAILURE() << name;
  return {};
}

std::unique_ptr<Network> EmptyNetwork() {
  NetworkOptions options;
  options.classes = kClasses;
  for (const Layer& layer : ResNet50Layers(kClasses)) {
    if (layer.kind != LayerKind::kMaxPool && layer.kind != LayerKind::kLinear)
      options.ranges[layer.name] = {0.0F, 1.0F};
  }
  options.ranges[kInputName] = {-2.0F, 2.0F};
  return Take(Network::Create(std::move(options)));
}

std::vector<uint8_t> Shard(const std::vector<TensorToWrite>& tensors) { return Take(WriteSafetensors(tensors, {})); }

class ShardLoaderTest : public ::testing::Test {
 protected:
  // The refusal of a shard; the layer is missing before and after.
  Error Refusal(const std::vector<TensorToWrite>& tensors) {
    const size_t before = network->MissingLayers().size();
    const Status status = loader.Load(Shard(tensors), "shard-3");
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(network->MissingLayers().size(), before);
    return status.ok() ? Error{ErrorCode::kInternal, "", ""} : status.error();
  }
  void ExpectMismatch(const std::vector<TensorToWrite>& tensors, const std::string& words) {
    const Error error = Refusal(tensors);
    EXPECT_EQ(error.code, ErrorCode::kWeightsMismatch);
    EXPECT_EQ(error.subject, "shard-3");
    EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
  }

  std::unique_ptr<Network> network = EmptyNetwork();
  ShardLoader loader{*network};
};

TEST_F(ShardLoaderTest, TakesALayerWholeOrInPiecesOfAnyOrder) {
  Expect(loader.Load(Shard(MakePiece("conv1").tensors()), "whole"));
  const size_t missing = network->MissingLayers().size();
  EXPECT_EQ(missing, 53U);
  Expect(loader.Load(Shard(MakePiece("layer1.0.conv3", 100, 156).tensors()), "second"));
  EXPECT_EQ(network->MissingLayers().size(), missing);
  Expect(loader.Load(Shard(MakePiece("layer1.0.conv3", 0, 100).tensors()), "first"));
  EXPECT_EQ(network->MissingLayers().size(), missing - 1);
}

TEST_F(ShardLoaderTest, SkipsBatchNormAndTakesEqualization) {
  const std::vector<float> values(64, 2.0F), bad(64, 0.0F);
  const auto vector = [](const char* name, const std::vector<float>& v) {
    return TensorToWrite{name,
                         TensorType::kF32,
                         {int64_t(v.size())},
                         {reinterpret_cast<const uint8_t*>(v.data()), v.size() * sizeof(float)}};
  };
  Expect(loader.Load(Shard({vector("bn1.running_mean", values), vector("conv1.equalization", values)}), "extras"));
  EXPECT_EQ(Refusal({vector("conv1.equalization", bad)}).code, ErrorCode::kWeightsMismatch);
  EXPECT_EQ(Refusal({vector("layer9.equalization", values)}).code, ErrorCode::kWeightsMismatch);
}

TEST_F(ShardLoaderTest, RefusesTensorsOfOtherNetworks) {
  Piece piece = MakePiece("layer1.0.conv2");
  piece.layer = "layer7.0.conv2";
  ExpectMismatch(piece.tensors(), "belongs to no layer");
  piece.layer = "maxpool";
  ExpectMismatch(piece.tensors(), "belongs to no layer");
  const Piece conv1 = MakePiece("conv1");
  for (const char* name : {"weight", "conv1.weight#x", "conv1.weight#", "conv1.weight#1#2", "conv1.wait"}) {
    std::vector<TensorToWrite> tensors = conv1.tensors();
    tensors[2].name = name;
    ExpectMismatch(tensors, "");
  }
}

TEST_F(ShardLoaderTest, RefusesShapesAndTypesThatDoNotFit) {
  const Piece piece = MakePiece("layer1.0.conv2");
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {64, 3, 64, 3}, {64, 576}, {32, 3, 3, 128}, {36864}, {128, 3, 3, 32}, {1, 64, 3, 3, 64}}) {
    Piece other = piece;
    other.shape = shape;
    ExpectMismatch(other.tensors(), "shape");
  }
  std::vector<TensorToWrite> tensors = piece.tensors();
  tensors[2].type = TensorType::kU8;
  ExpectMismatch(tensors, "is not int8");
  tensors = piece.tensors();
  tensors[0].shape = {8, 8};
  ExpectMismatch(tensors, "is not a float32 vector");
  tensors = piece.tensors();
  tensors[1].type = TensorType::kI32;
  ExpectMismatch(tensors, "is not a float32 vector");
  for (size_t left_out = 0; left_out < 3; ++left_out) {
    tensors = piece.tensors();
    tensors.erase(tensors.begin() + ptrdiff_t(left_out));
    ExpectMismatch(tensors, "lacks its weight, bias or scale");
  }
}

TEST_F(ShardLoaderTest, RefusesPiecesThatOverlapOrPassTheEnd) {
  Expect(loader.Load(Shard(MakePiece("layer1.0.conv3", 0, 100).tensors()), "first"));
  ExpectMismatch(MakePiece("layer1.0.conv3", 99, 10).tensors(), "repeats output channels");
  Piece late = MakePiece("layer1.0.conv3", 200, 56);
  late.mark = "#201";
  ExpectMismatch(late.tensors(), "shape");
  late.mark = "#256";
  ExpectMismatch(late.tensors(), "shape");
  Expect(loader.Load(Shard(MakePiece("layer1.0.conv3", 100, 156).tensors()), "the rest still fits"));
}

TEST_F(ShardLoaderTest, RefusesWhatIsNoSafetensorsFile) {
  const std::vector<uint8_t> shard = Shard(MakePiece("conv1").tensors());
  for (const size_t size : {size_t{0}, size_t{7}, size_t{100}, shard.size() - 1}) {
    const Status status = loader.Load(std::span(shard).first(size), "cut");
    ASSERT_FALSE(status.ok()) << size;
    EXPECT_EQ(status.error().code, ErrorCode::kWeightsFormat);
  }
  Expect(loader.Load(shard, "whole"));
}

TEST_F(ShardLoaderTest, TakesKernelsInTorchsOrder) {
  // The same network twice: every 3x3 weight as OHWI, and as OIHW.
  auto other = EmptyNetwork();
  ShardLoader by_kernel(*other);
  for (const Layer& layer : ResNet50Layers(kClasses)) {
    if (!layer.has_weights()) continue;
    Piece piece = MakePiece(layer.name);
    Expect(loader.Load(Shard(piece.tensors()), layer.name));
    if (layer.kernel > 1) {
      const Piece ohwi = piece;
      const auto in = size_t(layer.in_channels), area = size_t(layer.kernel) * size_t(layer.kernel);
      for (size_t o = 0; o < size_t(layer.out_channels); ++o) {
        for (size_t p = 0; p < area; ++p) {
          for (size_t i = 0; i < in; ++i) piece.weight[(o * in + i) * area + p] = ohwi.weight[(o * area + p) * in + i];
        }
      }
      piece.shape = {layer.out_channels, layer.in_channels, layer.kernel, layer.kernel};
    }
    Expect(by_kernel.Load(Shard(piece.tensors()), layer.name));
  }
  const std::vector<float> image = RandomImage(3, 1, 32, 32);
  const std::vector<float> logits = Logits(*network, image, 1, 32, 32);
  EXPECT_EQ(Logits(*other, image, 1, 32, 32), logits);
  EXPECT_NE(*std::min_element(logits.begin(), logits.end()), *std::max_element(logits.begin(), logits.end()));
}

}  // namespace
}  // namespace resnet50::testing
