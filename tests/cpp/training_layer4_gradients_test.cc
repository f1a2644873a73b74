// Forward and backward through layer4, pooling and fc, beside PyTorch (tests/data/make/make_layer4_gradients.py): a
// network of few channels from a committed file, and the full one from the file that RESNET50_GRADIENTS names.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "distance.h"
#include "tensor_values.h"
#include "training/layer4_network.h"
#include "training/softmax_loss.h"
#include "weights/safetensors.h"

namespace resnet50 {
namespace {

struct Reference {
  std::vector<uint8_t> bytes;
  Safetensors file;
  std::vector<float> Floats(const std::string& name) const {
    const SafetensorsTensor* tensor = file.Find(name);
    EXPECT_NE(tensor, nullptr) << name;
    return tensor == nullptr ? std::vector<float>{} : testing::ValuesOf<float>(*tensor);
  }
  size_t Size(const std::string& name, size_t dimension) const { return size_t(file.Find(name)->shape[dimension]); }
};

Reference Read(const std::string& path) {
  Reference reference;
  std::ifstream stream(path, std::ios::binary);
  reference.bytes.assign(std::istreambuf_iterator<char>(stream), {});
  Result<Safetensors> parsed = ParseSafetensors(reference.bytes, path);
  EXPECT_TRUE(parsed.ok()) << path;
  if (parsed) reference.file = std::move(parsed).value();
  return reference;
}

std::unique_ptr<Layer4Network> Build(const Reference& reference, size_t threads) {
  const Layer4Shape shape{reference.Size("input", 3), reference.Size("layer4.0.conv1.weight", 0), 3,
                          reference.Size("fc.bias", 0)};
  const Extent extent{reference.Size("input", 1), reference.Size("input", 2)};
  Result<std::unique_ptr<Layer4Network>> network =
      Layer4Network::Create(shape, reference.Size("input", 0), extent, threads);
  EXPECT_TRUE(network.ok());
  for (const Layer4Parameter& parameter : network.value()->parameters()) {
    const std::vector<float> values = reference.Floats(parameter.name);
    EXPECT_EQ(values.size(), parameter.count) << parameter.name;
    std::copy(values.begin(), values.end(), network.value()->values().begin() + ptrdiff_t(parameter.first));
  }
  return std::move(network).value();
}

// Forward, loss, backward; the loss.
double Differentiate(const Reference& reference, Layer4Network& network, std::vector<float>& logits) {
  const std::vector<float> input = reference.Floats("input");
  std::copy(input.begin(), input.end(), network.input());
  Result<std::span<const float>> out = network.Forward(network.batch(), network.extent());
  EXPECT_TRUE(out.ok());
  logits.assign(out->begin(), out->end());
  const std::vector<int32_t> labels = testing::ValuesOf<int32_t>(*reference.file.Find("labels"));
  std::vector<float> gradient(logits.size());
  const double loss = SoftmaxLoss(logits, labels, network.shape().classes, 0.0F, gradient).loss;
  network.Backward(gradient.data());
  return loss;
}

void Compare(const Reference& reference) {
  const std::unique_ptr<Layer4Network> network = Build(reference, 2);
  std::vector<float> logits;
  const double loss = Differentiate(reference, *network, logits);
  EXPECT_NEAR(loss, double(reference.Floats("loss")[0]), 1e-4 * loss);
  EXPECT_LT(testing::Distance(logits, reference.Floats("logits")), 1e-5);
  for (const Layer4Parameter& parameter : network->parameters()) {
    const std::vector<float> expected = reference.Floats(parameter.name + ".grad");
    ASSERT_EQ(expected.size(), parameter.count) << parameter.name;
    const auto first = network->gradients().begin() + ptrdiff_t(parameter.first);
    std::vector<float> found(first, first + ptrdiff_t(parameter.count));
    if (!parameter.is_bias) {  // torch's is of the unfolded weight
      const std::string layer = parameter.name.substr(0, parameter.name.rfind('.'));
      const std::vector<float> factor = reference.Floats(layer + ".factor");
      const size_t row = parameter.count / parameter.channels;
      for (size_t i = 0; i < found.size(); ++i) found[i] *= factor[i / row];
    }
    EXPECT_LT(testing::Distance(found, expected), 1e-4) << parameter.name;
    float largest = 0.0F;
    for (float v : expected) largest = std::max(largest, std::fabs(v));
    for (size_t i = 0; i < found.size(); ++i) {
      ASSERT_NEAR(found[i], expected[i], 1e-3F * std::fabs(expected[i]) + 1e-5F * largest) << parameter.name << i;
    }
  }
}

constexpr const char* kSmall = RESNET50_TEST_DATA "/training/layer4_gradients.safetensors";

TEST(Layer4Gradients, AreTorchsForFewChannels) { Compare(Read(kSmall)); }

TEST(Layer4Gradients, AreTorchsForAllChannels) {
  const char* path = std::getenv("RESNET50_GRADIENTS");
  if (path == nullptr) GTEST_SKIP() << "RESNET50_GRADIENTS names no file of make_layer4_gradients.py --full";
  Compare(Read(path));
}

TEST(Layer4Gradients, AreTheSameBitsForAnyNumberOfThreads) {
  const Reference reference = Read(kSmall);
  std::vector<float> logits;
  const std::unique_ptr<Layer4Network> one = Build(reference, 1), three = Build(reference, 3);
  Differentiate(reference, *one, logits);
  Differentiate(reference, *three, logits);
  EXPECT_EQ(std::memcmp(one->gradients().data(), three->gradients().data(), one->gradients().size_bytes()), 0);
}

TEST(Layer4Gradients, AreThoseOfFiniteDifferences) {
  const Reference reference = Read(kSmall);
  const std::unique_ptr<Layer4Network> network = Build(reference, 1);
  std::vector<float> logits;
  Differentiate(reference, *network, logits);
  const std::vector<float> gradients(network->gradients().begin(), network->gradients().end());
  for (const char* name : {"layer4.0.downsample.0.weight", "layer4.2.conv3.bias", "fc.weight"}) {
    const size_t at = network->Find(name)->first + 1;
    const float kept = network->values()[at], step = 1e-2F;
    network->values()[at] = kept + step;
    const double above = Differentiate(reference, *network, logits);
    network->values()[at] = kept - step;
    const double below = Differentiate(reference, *network, logits);
    network->values()[at] = kept;
    EXPECT_NEAR((above - below) / double(2 * step), double(gradients[at]),
                2e-2 * std::fabs(double(gradients[at])) + 1e-4)
        << name;
  }
}

TEST(Layer4Network, RefusesWhatDoesNotFit) {
  const Layer4Shape small{4, 2, 3, 2};
  EXPECT_EQ(Layer4Network::Create(small, 0, {4, 4}, 1).error().subject, "batchSize");
  EXPECT_EQ(Layer4Network::Create(small, 4, {4, 4000}, 1).error().subject, "layer3");
  EXPECT_EQ(Layer4Network::Create({4, 2, 3, 1}, 4, {4, 4}, 1).error().subject, "classes");
  Result<std::unique_ptr<Layer4Network>> network = Layer4Network::Create(small, 4, {4, 4}, 1);
  ASSERT_TRUE(network.ok());
  EXPECT_EQ(network.value()->Forward(5, {4, 4}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(network.value()->Forward(4, {5, 4}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(network.value()->Forward(1, {1, 1}).ok());
}

}  // namespace
}  // namespace resnet50
