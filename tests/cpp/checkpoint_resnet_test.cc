// Where a network lies in a file, whose names it has, which tensors are its classifier, and what is said of files
// without one. Files are made here; the table is that of a small network with ResNet-50's names.
#include <cmath>
#include <numeric>
#include <tuple>

#include "checkpoint/resnet.h"
#include "checkpoint/resnet_head.h"
#include "checkpoint/resnet_names.h"
#include "checkpoint_test_files.h"
#include "weights/safetensors_writer.h"

namespace resnet50 {
namespace {

using Shape = std::vector<int64_t>;
using Tensors = std::vector<std::pair<std::string, Shape>>;

const std::vector<ExpectedTensor>& Table() {
  static const std::vector<ExpectedTensor> table{{"conv1.weight", {64, 3, 7, 7}},
                                                 {"bn1.weight", {64}},
                                                 {"bn1.running_var", {64}},
                                                 {"bn1.num_batches_tracked", {}},
                                                 {"layer1.0.conv1.weight", {64, 64, 1, 1}},
                                                 {"layer1.0.bn2.bias", {64}},
                                                 {"layer1.0.downsample.0.weight", {2, 2, 1, 1}},
                                                 {"layer1.0.downsample.1.running_mean", {2}},
                                                 {"layer4.2.conv3.weight", {2, 2, 1, 1}},
                                                 {"fc.weight", {1000, 2048}},
                                                 {"fc.bias", {1000}}};
  return table;
}

// The table without fc and counters, under a prefix, by another program's names.
Tensors BodyOf(const std::string& prefix, Naming naming = Naming::kTorchvision) {
  Tensors tensors;
  for (const ExpectedTensor& row : Table()) {
    if (!row.name.starts_with("fc.") && !IsCounter(row.name)) {
      tensors.emplace_back(prefix + NameIn(naming, row.name), row.shape);
    }
  }
  return tensors;
}

Tensors With(Tensors tensors, const Tensors& more) {
  tensors.insert(tensors.end(), more.begin(), more.end());
  return tensors;
}

// A file in which a tensor's values count up from its place in the file.
std::vector<uint8_t> FileOf(const Tensors& tensors) {
  std::vector<std::vector<float>> values;
  std::vector<TensorToWrite> rows;
  for (const auto& [name, shape] : tensors) {
    values.emplace_back(size_t(ElementCount(shape).value()));
    std::iota(values.back().begin(), values.back().end(), float(values.size()));
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(values[i].data());
    rows.push_back({tensors[i].first, TensorType::kF32, tensors[i].second, {bytes, values[i].size() * sizeof(float)}});
  }
  return WriteSafetensors(rows, {}).value();
}

struct Read {
  std::vector<uint8_t> file;
  Result<RecognizedResNet> network;
};

Read ReadTensors(const Tensors& tensors, const ResNetChoice& choice = {}) {
  Read read{FileOf(tensors), Error{ErrorCode::kInternal, {}, {}}};
  read.network = ReadResNet(read.file, "file", Table(), choice);
  return read;
}

std::string Refusal(const Tensors& tensors, const ResNetChoice& choice = {}) {
  const Read read = ReadTensors(tensors, choice);
  if (read.network) return "read";
  EXPECT_EQ(read.network.error().code, ErrorCode::kCheckpointMismatch);
  EXPECT_EQ(read.network.error().subject, "file");
  return read.network.error().message;
}

const Tensors kFc{{"fc.weight", {5, 2048}}, {"fc.bias", {5}}};

TEST(ResNetNames, AreThoseOfEachProgram) {
  EXPECT_EQ(NameIn(Naming::kTransformers, "conv1.weight"), "embedder.embedder.convolution.weight");
  EXPECT_EQ(NameIn(Naming::kTransformers, "layer3.5.bn2.running_var"),
            "encoder.stages.2.layers.5.layer.1.normalization.running_var");
  EXPECT_EQ(NameIn(Naming::kTransformers, "layer2.0.downsample.1.bias"),
            "encoder.stages.1.layers.0.shortcut.normalization.bias");
  EXPECT_EQ(NameIn(Naming::kSequential, "bn1.bias"), "1.bias");
  EXPECT_EQ(NameIn(Naming::kSequential, "layer4.2.conv3.weight"), "7.2.conv3.weight");
  EXPECT_EQ(ParentPrefix("a.b.c."), "a.b.");
  EXPECT_EQ(ParentPrefix("a."), "");
  EXPECT_EQ(ParentPrefix(""), "");
}

TEST(ResNet, IsFoundUnderAnyPrefixAndNaming) {
  for (const Naming naming : {Naming::kTorchvision, Naming::kTransformers, Naming::kSequential}) {
    for (const std::string prefix : {"", "model.", "a.module._orig_mod.net.", "0."}) {
      const Read read = ReadTensors(With(BodyOf(prefix, naming), {{prefix + "fc.weight", {5, 2048}}}));
      ASSERT_TRUE(read.network) << prefix << ": " << read.network.error().message;
      EXPECT_EQ(read.network->prefix, prefix);
      EXPECT_EQ(read.network->head, prefix + "fc");
      EXPECT_EQ(read.network->state.Find("fc.weight")->shape, (Shape{5, 2048}));
      EXPECT_EQ(ToFloat(*read.network->state.Find("fc.bias")).value(), std::vector<float>(5, 0)) << "missing: zeros";
      for (const ExpectedTensor& row : Table()) {
        if (IsCounter(row.name)) continue;
        EXPECT_NE(read.network->state.Find(row.name), nullptr) << row.name;
      }
    }
  }
}

TEST(ResNet, HasItsClassifierBesideOrAround) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases{
      {"", "fc.1", "torchvision"},
      {"resnet.", "classifier.1", "torchvision"},
      {"backbone.", "head.fc", "MMPretrain"},
      {"net.backbone.", "net.classifier", "torchvision"},
      {"features.", "emotion", "torchvision"}};
  for (const auto& [prefix, head, naming] : cases) {
    const Read read = ReadTensors(With(BodyOf(prefix), {{head + ".weight", {5, 2048}}, {head + ".bias", {5}}}));
    ASSERT_TRUE(read.network) << head << ": " << read.network.error().message;
    EXPECT_EQ(read.network->head, head);
    EXPECT_EQ(read.network->naming, naming);
    EXPECT_TRUE(read.network->left_out.empty());
  }
  const Read fastai = ReadTensors(With(BodyOf("0.", Naming::kSequential), {{"1.4.weight", {5, 2048}}}));
  ASSERT_TRUE(fastai.network) << fastai.network.error().message;
  EXPECT_EQ(fastai.network->naming, "fastai");
}

TEST(ResNet, WithoutClassifierHasZeros) {
  for (const bool has_fc : {false, true}) {
    const Read read =
        ReadTensors(With(BodyOf(""), has_fc ? kFc : Tensors{{"projector.0.weight", {8, 2048}}}), {"", true});
    ASSERT_TRUE(read.network) << read.network.error().message;
    EXPECT_FALSE(read.network->has_head);
    EXPECT_EQ(ToFloat(*read.network->state.Find("fc.weight")).value(), std::vector<float>(2048, 0));
    EXPECT_EQ(read.network->left_out, std::vector<std::string>{has_fc ? "fc" : "projector"});
  }
}

TEST(ResNet, FoldsABatchNormInFrontOfItsClassifier) {
  const Read read = ReadTensors(With(BodyOf(""), {{"fc.0.weight", {2048}},
                                                  {"fc.0.bias", {2048}},
                                                  {"fc.0.running_mean", {2048}},
                                                  {"fc.0.running_var", {2048}},
                                                  {"fc.1.weight", {1, 2048}},
                                                  {"fc.1.bias", {1}}}));
  ASSERT_TRUE(read.network) << read.network.error().message;
  EXPECT_EQ(read.network->head_norm, "fc.0");
  const std::vector<float> weights = ToFloat(*read.network->state.Find("fc.weight")).value();
  const std::vector<float> biases = ToFloat(*read.network->state.Find("fc.bias")).value();
  const size_t first = BodyOf("").size() + 1;  // what the first value of fc.0.weight is
  double bias = double(first + 5);
  for (size_t i = 0; i < 2048; ++i) {
    const auto value = [&](size_t place) { return double(first + place + i); };
    const double factor = value(0) / std::sqrt(value(3) + 1e-5);
    ASSERT_EQ(weights[i], float(value(4) * factor)) << i;
    bias += value(4) * (value(1) - value(2) * factor);
  }
  EXPECT_EQ(biases, std::vector<float>{float(bias)});
}

TEST(ResNet, NamesWhatIsNoClassifier) {
  const std::vector<std::pair<Tensors, std::string>> cases{
      {{{"fc.0.weight", {512, 2048}}, {"fc.2.weight", {10, 512}}},
       "has two linear layers in fc (fc.0.weight [512, 2048], fc.2.weight [10, 512])"},
      {{{"fc.bias", {10}}}, "has fc.bias and no weight of it"},
      {{{"fc.weight", {10, 512}}}, "has a classifier of 512 inputs"},
      {{{"fc.weight_v", {10, 2048}}, {"fc.weight_g", {10, 1}}}, "has a weight norm"},
      {{{"fc.weight", {0, 2048}}}, "has a classifier of 0 classes"},
      {{{"fc.0.running_var", {2048}}, {"fc.3.weight", {10, 2048}}}, "what lies between, the file does not say"},
      {{{"fc.0.running_var", {10}}, {"fc.1.weight", {10, 2048}}}, "what lies between, the file does not say"},
      {{{"fc.weight", {10, 2048}}, {"fc.scale", {1}}}, "has more than a linear layer in fc (fc.scale [1])"},
      {{{"fc.weight", {10, 2048}}, {"fc.bias", {11}}}, "has fc.bias of shape [11]"},
      {{{"a.weight", {3, 2048}}, {"b.weight", {4, 2048}}}, "has no fc, but two linear layers"},
      {{{"arc.weight", {3, 2048}}}, "one linear layer without a bias"},
  };
  for (const auto& [head, reason] : cases) {
    const std::string message = Refusal(With(BodyOf(""), head));
    EXPECT_NE(message.find(reason), std::string::npos) << message;
    EXPECT_NE(message.find("--no-head"), std::string::npos) << message;
  }
}

TEST(ResNet, WhatWouldChangeTheAnswerIsNotLeftOut) {
  const std::vector<std::pair<Tensors, std::string>> cases{
      {{{"fc.weight", {7, 2048}}, {"classifier.weight", {3, 7}}},
       "has a linear layer after fc.weight [7, 2048]: classifier"},
      {{{"fc.weight", {7, 2048}}, {"gender.weight", {2, 2048}}},
       "has two layers of 2048 inputs, fc.weight [7, 2048] and gender"},
      {{{"fc.weight", {7, 2048}}, {"attn.weight", {1, 2048, 1, 1}}}, "has two layers of 2048 inputs"},
      {{{"fc.weight", {7, 2048}}, {"norm.weight", {2048}}},
       "has a normalization of 2048 features beside its classifier"},
      {{{"classifier.weight", {7, 2048}}, {"bottleneck.running_mean", {2048}}}, "has a normalization of 2048 features"},
      {{{"fc.weight", {7, 2048}}, {"bn0.running_mean", {3}}}, "has a batch norm of its input (bn0.running_mean [3])"},
  };
  for (const auto& [head, reason] : cases) {
    const std::string message = Refusal(With(BodyOf("net."), head));
    EXPECT_NE(message.find(reason), std::string::npos) << message;
    EXPECT_NE(message.find("--no-head"), std::string::npos) << message;
    EXPECT_FALSE(ReadTensors(With(BodyOf("net."), head), {"", true}).network->has_head) << reason;
  }
}

TEST(ResNet, EmbeddingsAndLossesAreNoClassifiers) {
  for (const char* name : {"mlp", "embedding", "feat_head", "projector.0"}) {
    const std::string module(name);
    const Tensors tensors = With(BodyOf("net."), {{module + ".weight", {128, 2048}}, {module + ".bias", {128}}});
    EXPECT_FALSE(ReadTensors(tensors).network->has_head) << name;
  }
  const Tensors beside = With(With(BodyOf("net."), {{"net.fc.weight", {7, 2048}}}),
                              {{"projector.weight", {128, 2048}}, {"loss.weight", {9, 7}}, {"weights", {2048}}});
  EXPECT_TRUE(ReadTensors(beside).network->has_head);
  // A prefix that sounds like one says nothing.
  EXPECT_TRUE(
      ReadTensors(With(BodyOf("feature_mlp."), {{"feature_mlp.out.weight", {7, 2048}}, {"feature_mlp.out.bias", {7}}}))
          .network->has_head);
}

TEST(ResNet, AnotherNetworksTensorsAreItsOwn) {
  const Tensors pair = With(With(BodyOf("net_a.backbone."), BodyOf("net_b.backbone.")),
                            {{"net_a.classifier.weight", {7, 2048}}, {"net_b.classifier.weight", {7, 2048}}});
  const Read read = ReadTensors(pair);
  ASSERT_TRUE(read.network) << read.network.error().message;
  EXPECT_EQ(read.network->others, std::vector<std::string>{"net_b.backbone"});
  EXPECT_TRUE(read.network->left_out.empty());
  const Tensors camel = With(With(BodyOf("emaModel."), BodyOf("foo.")), {{"foo.fc.weight", {7, 2048}}});
  EXPECT_EQ(ReadTensors(camel).network->key, "foo") << "trained before averaged";
  // Only a wrapper tells them apart.
  const Tensors wrapped = With(BodyOf(""), BodyOf("module."));
  EXPECT_EQ(ReadTensors(wrapped).network->others.size(), 1U);
}

TEST(ResNet, IsChosenAmongSeveral) {
  const Tensors both = With(With(BodyOf("model_ema.module."), BodyOf("model.")), kFc);
  EXPECT_EQ(ReadTensors(both).network->key, "model") << "trained before averaged";
  EXPECT_EQ(ReadTensors(both).network->others, std::vector<std::string>{"model_ema"});
  for (const char* key : {"model_ema", "model_ema.module", "model_ema.module."}) {
    EXPECT_EQ(ReadTensors(both, {key, false}).network->key, "model_ema") << key;
  }
  EXPECT_NE(Refusal(both, {"swa", false}).find("there are 'model', 'model_ema'"), std::string::npos);
  const Tensors queue = With(BodyOf("module.encoder_k."), BodyOf("module.encoder_q."));
  EXPECT_EQ(ReadTensors(queue).network->key, "module.encoder_q");
  EXPECT_EQ(ReadTensors(queue, {"encoder_k", false}).network->key, "module.encoder_k");
  // A network that does not fit is no alternative.
  Tensors broken = With(BodyOf("student."), BodyOf("teacher."));
  broken.erase(broken.begin());
  EXPECT_EQ(ReadTensors(broken).network->key, "teacher");
  EXPECT_TRUE(ReadTensors(broken).network->others.empty());
  EXPECT_NE(Refusal(broken, {"student", false}).find("1 missing (conv1.weight)"), std::string::npos);
  EXPECT_EQ(ReadTensors(With(BodyOf(""), BodyOf("ema.")), {".", false}).network->key, ".");
}

TEST(ResNet, OthersAreNamedWithTheNearestGuess) {
  const auto changed = [](const std::string& name, const Shape& shape) {
    Tensors tensors = With(BodyOf(""), kFc);
    for (auto& [known, known_shape] : tensors) {
      if (known == name) known_shape = shape;
    }
    return tensors;
  };
  const auto more = [](const Tensors& tensors) { return With(With(BodyOf(""), kFc), tensors); };
  const std::vector<std::pair<Tensors, std::string>> cases{
      {changed("conv1.weight", {64, 1, 7, 7}), "conv1 takes 1 channel:"},
      {changed("conv1.weight", {64, 3, 3, 3}), "a stem for small pictures"},
      {more({{"layer1.0.conv2.weight", {64, 64, 3, 3}},
             {"layer2.0.conv1.weight", {1}},
             {"layer3.0.conv1.weight", {1}},
             {"layer4.0.conv1.weight", {1}}}),
       "blocks have two convolutions"},
      {more({{"layer1.0.conv2.weight", {128, 128, 3, 3}}, {"layer1.0.conv3.weight", {1}}}), "wide_resnet50_2"},
      {more({{"layer1.0.conv2.weight", {128, 4, 3, 3}}, {"layer1.0.conv3.weight", {1}}}), "as resnext50_32x4d"},
      {more({{"roi_heads.box.bias", {1}}}), "holds a detection model"},
      {more({{"pool.p", {1}}}), "generalized-mean pooling"},
      {{{"cls_token", {1}}}, "nearest guess: a vision transformer"},
      {{{"features.denseblock1.weight", {1}}}, "nearest guess: a DenseNet"},
      {{{"x\x1b[31m", {1}}}, "of its 1 tensors (x?[31m [1]) none is the first block's"},
  };
  for (const auto& [tensors, reason] : cases) {
    const std::string message = Refusal(tensors);
    EXPECT_NE(message.find(reason), std::string::npos) << message;
  }
}

// The header of this one is 0x280 bytes long, and a pickle begins with 0x80 and its protocol.
TEST(ResNet, SafetensorsAreNoPickleWhateverTheirLength) {
  Tensors tensors{{"a", {1}}, {"b", {1}}, {"c", {1}}};
  while (FileOf(tensors)[1] < 2 || FileOf(tensors)[0] < 0x80) tensors[0].first += "x";
  ASSERT_EQ(FileOf(tensors)[0], 0x80);
  ASSERT_EQ(FileOf(tensors)[1], 2);
  EXPECT_NE(Refusal(tensors).find("holds no ResNet-50"), std::string::npos);
}

// What PyTorch saved: networks.*.pth of tests/data/make/make_checkpoint_files.py.
TEST(ResNet, IsFoundInWhatTorchSaves) {
  const std::vector<ExpectedTensor> table{{"conv1.weight", {1, 1, 1, 1}}, {"layer1.0.conv1.weight", {1, 1, 1, 1}}};
  for (const char* name : {"networks.zip.pth", "networks.stream.pth"}) {
    const std::vector<uint8_t> file = CheckpointFile(name);
    const auto read = [&](const char* key) { return ReadResNet(file, name, table, {key, false}); };
    const Result<RecognizedResNet> first = read("");
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(first->key, "model");
    EXPECT_EQ(first->others, (std::vector<std::string>{"hf.resnet", "fastai.0", "model_ema"}));
    EXPECT_EQ(read("hf")->naming, "Hugging Face transformers");
    EXPECT_EQ(read("fastai")->naming, "fastai");
    const Result<RecognizedResNet> folded = read("model_ema");
    ASSERT_TRUE(folded) << folded.error().message;
    EXPECT_EQ(folded->head_norm, "fc.0");
    EXPECT_EQ(ToFloat(*folded->state.Find("fc.weight")).value(),
              std::vector<float>(2048, float(1 / std::sqrt(1 + 1e-5))));
  }
}

// Thousands of networks and deep names end quickly.
TEST(ResNet, HostileNamesEndQuickly) {
  Tensors tensors;
  for (int i = 0; i < 3000; ++i) tensors.emplace_back(std::to_string(i) + ".layer1.0.conv1.weight", Shape{1});
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "a.";
  EXPECT_NE(Refusal(tensors), "read");
  for (auto& [name, shape] : tensors) name = deep.substr(0, 400) + name;
  EXPECT_NE(Refusal(tensors), "read");
  EXPECT_FALSE(ReadTensors(BodyOf(deep)).network) << "names over the limit are left out";
}

}  // namespace
}  // namespace resnet50
