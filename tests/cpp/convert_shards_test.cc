// From a checkpoint to shards and back into a network: what the converter writes and the loader reads, in both
// precisions, whole and cut into pieces, and what both refuse.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "convert/converter.h"
#include "convert/generated_images.h"
#include "distance.h"
#include "image/decode.h"
#include "network/shard_loader.h"
#include "network_fixture.h"
#include "weights/safetensors_writer.h"

namespace resnet50::testing {
namespace {

constexpr int kClasses = 7;
constexpr size_t kSmallShard = 600'000;  // the largest layers (2.4 MB in int8) are cut
constexpr const char* kFile = "checkpoint.safetensors";

template <typename T>
std::span<const uint8_t> AsBytes(const std::vector<T>& values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)};
}

// A state dict whose batch norms have all their parts, by name.
std::map<std::string, std::vector<float>> RandomStateDict() {
  Random random(11);
  std::map<std::string, std::vector<float>> state;
  for (const ParameterSpec& spec : ResNet50Parameters(kClasses)) {
    size_t count = 1;
    for (int64_t side : spec.shape) count *= size_t(side);
    std::vector<float> values(count);
    const bool positive = spec.name.ends_with("running_var");
    const float fan_in = spec.shape.size() > 1 ? float(count) / float(spec.shape[0]) : 1.0F;
    const float bound = spec.shape.size() > 1 ? std::sqrt(6.0F / fan_in) : 0.1F;
    for (float& v : values) v = positive ? random.Between(0.6F, 1.6F) : random.Between(-bound, bound);
    if (spec.name.find("bn") != std::string::npos && spec.name.ends_with(".weight")) {
      for (float& v : values) v = random.Between(0.4F, 1.2F) * (spec.name.ends_with("bn3.weight") ? 0.3F : 1.0F);
    }
    state.emplace(spec.name, std::move(values));
  }
  return state;
}

std::vector<uint8_t> WriteStateDict(const std::map<std::string, std::vector<float>>& state) {
  std::vector<TensorToWrite> tensors;
  for (const ParameterSpec& spec : ResNet50Parameters(kClasses)) {
    if (const auto it = state.find(spec.name); it != state.end()) {
      tensors.push_back({spec.name, TensorType::kF32, spec.shape, AsBytes(it->second)});
    }
  }
  return Take(WriteSafetensors(tensors, {}));
}

Transforms SmallTransforms() {
  Transforms transforms;
  transforms.resize_size = transforms.crop_size = 32;
  return transforms;
}

// The same, product-quantized: every kernel over 1x1, and every four inputs of a 1x1 one, is one of `kWords` vectors.
std::map<std::string, std::vector<float>> ProductQuantizedStateDict() {
  constexpr size_t kWords = 32;
  auto state = RandomStateDict();
  Random random(12);
  for (const Layer& layer : ResNet50Layers(kClasses)) {
    if (layer.kind != LayerKind::kConvolution || layer.in_channels == kInputChannels) continue;
    std::vector<float>& weight = state.at(layer.name + ".weight");
    const size_t length = layer.kernel > 1 ? size_t(layer.kernel) * size_t(layer.kernel) : 4;
    const std::vector<float> words(weight.begin(), weight.begin() + ptrdiff_t(kWords * length));
    for (size_t at = 0; at < weight.size(); at += length) {
      const size_t word = std::min(kWords - 1, size_t(random.Unit() * float(kWords)));
      std::copy_n(words.begin() + ptrdiff_t(word * length), length, weight.begin() + ptrdiff_t(at));
    }
  }
  return state;
}

std::unique_ptr<Converter> MakeConverter(const std::map<std::string, std::vector<float>>& state = RandomStateDict()) {
  return Take(Converter::Create(WriteStateDict(state), kFile, SmallTransforms(), 2));
}

// The quick steps; quantize_network_test has all of them. The statistics of these random batch norms are no data's, so
// matching them costs accuracy here.
void Quantize(Converter& converter, bool match_batch_norm, std::optional<double> compact_bits = {}) {
  QuantizationOptions options;
  options.compensate = false;
  options.match_batch_norm = match_batch_norm;
  options.compact_bits = compact_bits;
  Expect(converter.BeginQuantization(options));
  double before = 0.0;
  for (double share = 0.0; share < 1.0; before = share) {
    share = Take(converter.ContinueQuantization());
    ASSERT_GE(share, before);
  }
}

std::vector<std::vector<uint8_t>> Shards(Converter& converter, Precision precision, size_t max_bytes) {
  std::vector<std::vector<uint8_t>> shards(Take(converter.Plan(precision, max_bytes)));
  for (size_t i = 0; i < shards.size(); ++i) shards[i] = Take(converter.WriteShard(i));
  return shards;
}

std::unique_ptr<Network> EmptyNetwork(Precision precision, const RangeMap& ranges = {}) {
  NetworkOptions options;
  options.classes = kClasses;
  options.precision = precision;
  options.ranges = ranges;
  return Take(Network::Create(std::move(options)));
}

// A photo-like picture, as the converter takes it and as the networks do.
Image Picture() {
  Image image = Take(AllocateImage(32, 32));
  for (int i = 0; i < 32 * 32 * kRgb; ++i) image.pixels.data()[i] = uint8_t((i * 7 + i / 96 * 5) % 256);
  return image;
}

std::vector<float> PictureTensor() {
  const Image image = Picture();
  const Transforms transforms = SmallTransforms();
  std::vector<float> nchw(size_t{3} * 32 * 32);
  for (size_t p = 0; p < size_t{32} * 32; ++p) {
    for (size_t c = 0; c < 3; ++c) {
      nchw[c * 32 * 32 + p] = (float(image.pixels.data()[3 * p + c]) / 255.0F - transforms.mean[c]) / transforms.std[c];
    }
  }
  return nchw;
}

TEST(FoldLayer, IsBatchNormBehindTheConvolution) {
  const std::vector<Layer> table = ResNet50Layers(kClasses);
  const Layer& layer = table[0];
  ASSERT_EQ(layer.name, "conv1");
  const auto state = RandomStateDict();
  const FoldedLayer folded =
      Take(FoldLayer(layer, [&](const std::string& name) -> Result<std::vector<float>> { return state.at(name); }));
  const auto at = [&](const char* name, size_t i) { return double(state.at(name)[i]); };
  for (size_t o : {size_t{0}, size_t{17}, size_t{63}}) {
    const double factor = at("bn1.weight", o) / std::sqrt(at("bn1.running_var", o) + 1e-5);
    EXPECT_FLOAT_EQ(folded.bias[o], float(at("bn1.bias", o) - at("bn1.running_mean", o) * factor));
    for (size_t y : {size_t{0}, size_t{6}}) {
      for (size_t x : {size_t{1}, size_t{5}}) {
        for (size_t c = 0; c < 3; ++c) {
          EXPECT_FLOAT_EQ(folded.weight[((o * 7 + y) * 7 + x) * 3 + c],
                          float(at("conv1.weight", ((o * 3 + c) * 7 + y) * 7 + x) * factor));
        }
      }
    }
  }
}

TEST(FoldLayer, RefusesWhatIsMissingMisshapenOrNoNumber) {
  const Layer layer = ResNet50Layers(kClasses)[0];
  auto state = RandomStateDict();
  const TensorSource source = [&](const std::string& name) -> Result<std::vector<float>> {
    if (!state.contains(name)) return Error{ErrorCode::kCheckpointMismatch, name, "is missing"};
    return state.at(name);
  };
  const std::vector<float> variance = state.at("bn1.running_var");
  for (const std::vector<float>& bad : {std::vector<float>(64, -1.0F), std::vector<float>(63, 1.0F)}) {
    state.at("bn1.running_var") = bad;
    EXPECT_EQ(FoldLayer(layer, source).error().code, ErrorCode::kCheckpointMismatch);
  }
  state.at("bn1.running_var") = variance;
  state.at("conv1.weight").pop_back();
  EXPECT_EQ(FoldLayer(layer, source).error().subject, "conv1");
  state.erase("bn1.bias");
  EXPECT_EQ(FoldLayer(layer, source).error().subject, "bn1.bias");
}

TEST(Converter, FloatShardsGiveTheCheckpointsLogitsInAnyOrderAndAnySize) {
  const std::unique_ptr<Converter> converter = MakeConverter();
  EXPECT_EQ(converter->classes(), kClasses);
  EXPECT_EQ(converter->parameters(), 23'508'032U + 2049U * kClasses);
  const std::span<const float> logits = Take(converter->RunFloat(Picture()));
  const std::vector<float> expected(logits.begin(), logits.end());
  for (const size_t max_bytes : {size_t{16} << 20, size_t{2'000'000}}) {
    std::vector<std::vector<uint8_t>> shards = Shards(*converter, Precision::kFloat32, max_bytes);
    EXPECT_GE(shards.size(), 94'000'000 / max_bytes);
    auto network = EmptyNetwork(Precision::kFloat32);
    ShardLoader loader(*network);
    for (size_t i = shards.size(); i-- > 0;) {
      EXPECT_LE(shards[i].size(), max_bytes);
      Expect(loader.Load(shards[i], "shard"));
    }
    EXPECT_TRUE(network->MissingLayers().empty());
    EXPECT_LT(Distance(Logits(*network, PictureTensor(), 1, 32, 32), expected), 1e-6);
  }
}

// Loaded from small shards, the int8 network is the one that the quantizer made, to the bit, and near the f32 one.
void ExpectShardsOfTheQuantizersNetwork(Converter& converter) {
  ASSERT_NE(converter.quantizer(), nullptr);
  const Quantizer& quantizer = *converter.quantizer();
  std::map<std::string, QuantizedLayer> layers;
  const std::vector<Layer> table = ResNet50Layers(kClasses);
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i].has_weights()) layers.emplace(table[i].name, quantizer.layer(i));
  }
  auto direct = Int8Network(layers, kClasses, quantizer.ranges(), ActivationBits::kSeven);
  const std::vector<float> expected = Logits(*direct, PictureTensor(), 1, 32, 32);
  EXPECT_LT(Distance(expected, Take(converter.RunFloat(Picture()))), 0.25);

  auto network = EmptyNetwork(Precision::kInt8, quantizer.ranges());
  ShardLoader loader(*network);
  const std::vector<std::vector<uint8_t>> shards = Shards(converter, Precision::kInt8, kSmallShard);
  EXPECT_GT(shards.size(), 35U);
  for (const std::vector<uint8_t>& shard : shards) Expect(loader.Load(shard, "shard"));
  EXPECT_TRUE(network->MissingLayers().empty());
  EXPECT_EQ(Logits(*network, PictureTensor(), 1, 32, 32), expected);
  EXPECT_EQ(converter.WriteShard(shards.size()).error().code, ErrorCode::kInvalidArgument);
}

TEST(Converter, Int8ShardsGiveTheQuantizersNetwork) {
  const std::unique_ptr<Converter> converter = MakeConverter();
  EXPECT_EQ(converter->quantizer(), nullptr);
  EXPECT_EQ(converter->Plan(Precision::kInt8, kSmallShard).error().code, ErrorCode::kNotReady);
  EXPECT_EQ(converter->BeginQuantization({}).error().code, ErrorCode::kNotReady);
  EXPECT_EQ(converter->ContinueQuantization().error().code, ErrorCode::kNotReady);
  Expect(converter->Calibrate(Picture()));
  for (uint32_t i = 0; i < 3; ++i) Expect(converter->CalibrateGenerated(i));
  Quantize(*converter, false);
  ExpectShardsOfTheQuantizersNetwork(*converter);
  EXPECT_FALSE(converter->quantizer()->repeats_vectors());
}

// Of this one layer4.2.conv1 is dead: nothing but zeros come out of it.
TEST(Converter, KeepsTheRepeatsOfAProductQuantizedCheckpoint) {
  const std::unique_ptr<Converter> converter = MakeConverter(ProductQuantizedStateDict());
  Expect(converter->Calibrate(Picture()));
  Quantize(*converter, false, 4.2);
  ASSERT_TRUE(converter->quantizer()->repeats_vectors());
  ExpectShardsOfTheQuantizersNetwork(*converter);
  // The 16,384 kernels of a layer are 32 still, but for sums that fell beside the middle between two codes.
  size_t row = 0;
  while (ResNet50Layers(kClasses)[row].name != "layer2.1.conv2") ++row;
  const std::vector<int8_t>& codes = converter->quantizer()->layer(row).weight;  // OHWI
  std::set<std::vector<int8_t>> kernels;
  for (size_t o = 0; o < 128; ++o) {
    for (size_t i = 0; i < 128; ++i) {
      std::vector<int8_t> kernel;
      for (size_t p = 0; p < 9; ++p) kernel.push_back(codes[(o * 9 + p) * 128 + i]);
      kernels.insert(std::move(kernel));
    }
  }
  EXPECT_GE(kernels.size(), 32U);
  EXPECT_LE(kernels.size(), 40U);
}

// The same pixels, once as a photo and once generated: what reads the picture first differs by the margin alone.
TEST(Converter, LeavesRoomBeyondGeneratedPicturesAndNoneBeyondPhotos) {
  const auto reach = [](const std::function<void(Converter&)>& calibrate) {
    const std::unique_ptr<Converter> converter = MakeConverter();
    calibrate(*converter);
    QuantizationOptions options;
    options.compensate = options.match_batch_norm = false;
    Expect(converter->BeginQuantization(options));
    while (Take(converter->ContinueQuantization()) < 1.0) {
    }
    return converter->quantizer()->ranges().find("conv1")->second.max;
  };
  const int side = SmallTransforms().crop_size;
  const float photos = reach([&](Converter& converter) {
    Expect(converter.Calibrate(Take(FromPixels(GenerateCalibrationImage(0, side), side, side, kRgb, {}))));
  });
  const float generated = reach([](Converter& converter) { Expect(converter.CalibrateGenerated(0)); });
  EXPECT_FLOAT_EQ(generated, kGeneratedMargin * photos);
}

TEST(Converter, HasTheCheckpointsWeightsAgainAfterMatchingBatchNorms) {
  const std::unique_ptr<Converter> converter = MakeConverter();
  const std::span<const float> logits = Take(converter->RunFloat(Picture()));
  const std::vector<float> expected(logits.begin(), logits.end());
  Expect(converter->CalibrateGenerated(0));
  Expect(converter->BeginQuantization({}));
  Take(converter->ContinueQuantization());  // matches; then given up
  EXPECT_GT(Distance(Take(converter->RunFloat(Picture())), expected), 1e-3);
  Quantize(*converter, true);
  EXPECT_EQ(Distance(Take(converter->RunFloat(Picture())), expected), 0.0);
}

// Its fc is one class of zeros, which int8 has to take as well; parameters are those of the body.
TEST(Converter, TakesNetworksWithoutClassifier) {
  auto state = RandomStateDict();
  state.erase("fc.weight");
  state.erase("fc.bias");
  const std::unique_ptr<Converter> converter = MakeConverter(state);
  EXPECT_FALSE(converter->recognized().has_head);
  EXPECT_EQ(converter->classes(), 1);
  EXPECT_EQ(converter->parameters(), 23'508'032u);
  EXPECT_EQ(Take(converter->RunFloat(Picture()))[0], 0.0f);
  Expect(converter->CalibrateGenerated(0));
  Quantize(*converter, true);
  EXPECT_GT(Take(converter->Plan(Precision::kInt8, size_t{4} << 20)), 0u);
  EXPECT_FALSE(Take(converter->WriteShard(0)).empty());
}

TEST(Converter, RefusesOtherNetworksCheckpoints) {
  auto state = RandomStateDict();
  const auto refusal = [](const std::map<std::string, std::vector<float>>& bad) {
    return Converter::Create(WriteStateDict(bad), kFile, SmallTransforms(), 1).error();
  };
  auto without_head = state;
  without_head.erase("fc.weight");
  EXPECT_EQ(refusal(without_head).code, ErrorCode::kCheckpointMismatch);
  auto without_layer = state;
  without_layer.erase("layer3.2.conv2.weight");
  EXPECT_EQ(refusal(without_layer).code, ErrorCode::kCheckpointMismatch);
  auto infinite = state;
  infinite.at("layer2.0.conv1.weight")[5] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(refusal(infinite).subject, "layer2.0.conv1");
  EXPECT_EQ(Converter::Create(std::vector<uint8_t>{1, 2, 3}, kFile, SmallTransforms(), 1).error().code,
            ErrorCode::kCheckpointFormat);
}

}  // namespace
}  // namespace resnet50::testing
