// Rounding with error feedback against rounding to nearest, and the second moments against plain sums.
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "network_fixture.h"
#include "quantize/error_compensation.h"
#include "quantize/second_moments.h"

namespace resnet50::testing {
namespace {

Layer Convolution(int in, int out, int kernel, int stride) {
  return {LayerKind::kConvolution, "layer", "", 0, kNoLayer, in, out, kernel, stride, (kernel - 1) / 2, true};
}

// Channels that go together, as a network's do.
CodedTensor Correlated(size_t channels, size_t side, size_t images) {
  Random random(7);
  CodedTensor tensor;
  tensor.extent = {side, side};
  tensor.channels = channels;
  tensor.scale = 0.1F;
  for (size_t k = 0; k < images; ++k) {
    std::vector<int16_t>& image = tensor.images.emplace_back();
    for (size_t p = 0; p < side * side; ++p) {
      const float common = random.Between(0.0F, 80.0F), other = random.Between(0.0F, 40.0F);
      for (size_t c = 0; c < channels; ++c) {
        image.push_back(int16_t(std::fmin(127.0F, common * float(c % 3) / 2.0F + other + random.Between(0.0F, 20.0F))));
      }
    }
  }
  return tensor;
}

std::vector<double> Patch(const Layer& layer, const CodedTensor& input, size_t image, int y, int x) {
  std::vector<double> patch;
  for (int ky = 0; ky < layer.kernel; ++ky) {
    for (int kx = 0; kx < layer.kernel; ++kx) {
      const int fy = y * layer.stride + ky - layer.padding, fx = x * layer.stride + kx - layer.padding;
      const bool inside = fy >= 0 && fx >= 0 && fy < int(input.extent.height) && fx < int(input.extent.width);
      for (size_t c = 0; c < input.channels; ++c) {
        const size_t at = (size_t(fy) * input.extent.width + size_t(fx)) * input.channels + c;
        patch.push_back(inside ? double(input.images[image][at]) : 0.0);
      }
    }
  }
  return patch;
}

TEST(SecondMoments, AreThePlainSumsWhereAllPatchesCount) {
  const Layer layer = Convolution(5, 4, 3, 2);
  const CodedTensor input = Correlated(5, 9, 3);
  const ThreadPool pool = Take(ThreadPool::Create(2));
  const SecondMoments moments = MeasureSecondMoments(layer, input, pool);
  std::vector<double> products(45 * 45), sums(45);
  size_t patches = 0;
  for (size_t k = 0; k < 3; ++k) {
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 5; ++x, ++patches) {
        const std::vector<double> patch = Patch(layer, input, k, y, x);
        for (size_t i = 0; i < 45; ++i) {
          sums[i] += patch[i];
          for (size_t j = 0; j <= i; ++j) products[i * 45 + j] += patch[i] * patch[j];
        }
      }
    }
  }
  ASSERT_EQ(moments.inputs, 45U);
  ASSERT_EQ(moments.patches, patches);
  for (size_t i = 0; i < 45; ++i) {
    EXPECT_EQ(double(moments.sums[i]), sums[i]);
    for (size_t j = 0; j <= i; ++j)
      EXPECT_EQ(double(moments.products[i * 45 + j]), products[i * 45 + j]) << i << " " << j;
  }
}

// Mean squared error of the layer's sums about their mean, in steps.
double OutputError(const Layer& layer, const CodedTensor& input, const std::vector<float>& weights,
                   const std::vector<float>& steps, const std::vector<int8_t>& codes) {
  double squares = 0.0;
  const size_t n = weights.size() / steps.size();
  for (size_t o = 0; o < steps.size(); ++o) {
    double sum = 0.0, square = 0.0, count = 0.0;
    for (size_t k = 0; k < input.images.size(); ++k) {
      for (int y = 0; y < OutputSize(layer, int(input.extent.height)); ++y) {
        for (int x = 0; x < OutputSize(layer, int(input.extent.width)); ++x, ++count) {
          const std::vector<double> patch = Patch(layer, input, k, y, x);
          double error = 0.0;
          for (size_t i = 0; i < n; ++i) {
            error += patch[i] * (double(weights[o * n + i]) / double(steps[o]) - double(codes[o * n + i]));
          }
          sum += error;
          square += error * error;
        }
      }
    }
    squares += square / count - (sum / count) * (sum / count);
  }
  return squares;
}

class Rounding : public ::testing::TestWithParam<int> {};

TEST_P(Rounding, WithFeedbackHalvesTheErrorOfTheSums) {
  const int kernel = GetParam();
  const Layer layer = Convolution(24, 40, kernel, 1);
  const CodedTensor input = Correlated(24, 12, 4);
  const ThreadPool pool = Take(ThreadPool::Create(2));
  Random random(5);
  std::vector<float> weights(layer.weight_count()), steps(40);
  for (float& w : weights) w = random.Between(-1.0F, 1.0F);
  for (float& s : steps) s = random.Between(0.05F, 0.3F);
  const ErrorFeedback feedback = FactorMoments(MeasureSecondMoments(layer, input, pool), {0.01, 0.0}, pool);
  const std::vector<int8_t> compensated = RoundWithFeedback(weights, steps, feedback, {}, pool);
  const double nearest = OutputError(layer, input, weights, steps, RoundToNearest(weights, steps));
  EXPECT_LT(OutputError(layer, input, weights, steps, compensated), 0.5 * nearest);
}
INSTANTIATE_TEST_SUITE_P(Kernels, Rounding, ::testing::Values(1, 3));

}  // namespace
}  // namespace resnet50::testing
