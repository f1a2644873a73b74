// The int8 network against plain integer arithmetic, bit for bit: an interpreter of the table written for clarity, with
// none of XNNPACK's packing, tiles or SIMD. What it computes is the definition of our int8 ResNet-50.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "network_fixture.h"

namespace resnet50::testing {
namespace {

// A tensor's quantization with room for the image's codes, which go to 254.
struct Codes {
  float scale;
  int zero_point, min, max;
};
Codes ToCodes(const TensorQuantization& q) { return {q.scale, q.zero_point, q.min, q.max}; }

struct Tensor {
  int height, width, channels;
  std::vector<int> codes;  // NHWC, one image
  Codes quantization;
  int At(int y, int x, int c) const { return codes[size_t((y * width + x) * channels + c)]; }
};

// Every row's quantization, by the rules of network.h, read back from an int8 network would be circular: derived anew.
Codes Output(const std::vector<Layer>& layers, size_t row, const RangeMap& ranges, ActivationBits bits) {
  const Layer& layer = layers[row];
  bool feeds_convolution = false;
  for (const Layer& other : layers) {
    const bool reads = other.input >= 0 && size_t(other.input) == row;
    feeds_convolution |= reads && (other.kind == LayerKind::kConvolution || other.kind == LayerKind::kMaxPool);
  }
  const Range range = ranges.at(layer.name);
  return ToCodes(feeds_convolution ? QuantizeNonNegative(range, bits) : QuantizeFull(range));
}

// acc * scale in f32, plus the residual, rounded half to even, moved by the zero point, clamped: one rounding in all.
int Requantize(int32_t accumulator, float scale, float residual, const Codes& out) {
  const float scaled = float(accumulator) * scale + residual;
  const float limited =
      std::clamp(scaled, float(out.min) - float(out.zero_point), float(out.max) - float(out.zero_point));
  return int(std::nearbyint(limited)) + out.zero_point;
}

// `shortcut` is null for all but the last convolution of a block.
Tensor Convolve(const Layer& layer, const QuantizedLayer& weights, const Tensor& in, const Tensor* shortcut,
                const Codes& out) {
  Tensor result{OutputSize(layer, in.height), OutputSize(layer, in.width), layer.out_channels, {}, out};
  const float in_scale = in.quantization.scale;
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      for (int o = 0; o < layer.out_channels; ++o) {
        const double bias =
            std::nearbyint(double(weights.bias[size_t(o)]) / (double(in_scale) * double(weights.scale[size_t(o)])));
        int32_t sum = int32_t(bias);
        for (int ky = 0; ky < layer.kernel; ++ky) {
          for (int kx = 0; kx < layer.kernel; ++kx) {
            const int iy = y * layer.stride + ky - layer.padding, ix = x * layer.stride + kx - layer.padding;
            if (iy < 0 || ix < 0 || iy >= in.height || ix >= in.width) continue;
            const int8_t* w =
                weights.weight.data() + size_t(((o * layer.kernel + ky) * layer.kernel + kx) * layer.in_channels);
            for (int i = 0; i < layer.in_channels; ++i) sum += (in.At(iy, ix, i) - in.quantization.zero_point) * w[i];
          }
        }
        float residual = 0.0F;
        if (shortcut != nullptr) {
          const Codes& q = shortcut->quantization;
          residual = float(shortcut->At(y, x, o) - q.zero_point) * (q.scale / out.scale);
        }
        result.codes.push_back(Requantize(sum, in_scale * weights.scale[size_t(o)] / out.scale, residual, out));
      }
    }
  }
  return result;
}

Tensor MaxPool(const Layer& layer, const Tensor& in) {
  Tensor result{OutputSize(layer, in.height), OutputSize(layer, in.width), in.channels, {}, in.quantization};
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      for (int c = 0; c < in.channels; ++c) {
        int best = -128;
        for (int ky = 0; ky < 3; ++ky) {
          for (int kx = 0; kx < 3; ++kx) {
            const int iy = y * 2 + ky - 1, ix = x * 2 + kx - 1;
            if (iy >= 0 && ix >= 0 && iy < in.height && ix < in.width) best = std::max(best, in.At(iy, ix, c));
          }
        }
        result.codes.push_back(best);
      }
    }
  }
  return result;
}

Tensor MeanPool(const Tensor& in, const Codes& out) {
  Tensor result{1, 1, in.channels, {}, out};
  const int pixels = in.height * in.width;
  const float scale = in.quantization.scale / out.scale * (1.0F / float(pixels));
  for (int c = 0; c < in.channels; ++c) {
    int sum = 0;
    for (int p = 0; p < pixels; ++p) sum += in.codes[size_t(p * in.channels + c)] - in.quantization.zero_point;
    result.codes.push_back(std::clamp(int(std::nearbyint(float(sum) * scale)) + out.zero_point, -128, 127));
  }
  return result;
}

std::vector<float> Linear(const Layer& layer, const QuantizedLayer& weights, const Tensor& in) {
  std::vector<float> logits;
  for (int o = 0; o < layer.out_channels; ++o) {
    int32_t sum = 0;
    for (int i = 0; i < layer.in_channels; ++i) {
      sum += (in.codes[size_t(i)] - in.quantization.zero_point) * weights.weight[size_t(o * layer.in_channels + i)];
    }
    const float scaled = float(sum) * in.quantization.scale;
    logits.push_back(scaled * weights.scale[size_t(o)] + weights.bias[size_t(o)]);
  }
  return logits;
}

std::vector<float> Interpret(const std::map<std::string, QuantizedLayer>& weights, const RangeMap& ranges,
                             ActivationBits bits, const std::vector<float>& nchw, int height, int width, int classes) {
  const std::vector<Layer> layers = ResNet50Layers(classes);
  const InputQuantization q = QuantizeInput(ranges.at(kInputName));
  Tensor input{height, width, 3, {}, {q.scale, q.zero_point, 0, kMaxInputCode}};
  for (int p = 0; p < height * width; ++p) {
    for (int c = 0; c < 3; ++c) input.codes.push_back(QuantizeInputValue(nchw[size_t(c * height * width + p)], q));
  }
  std::vector<Tensor> tensors;
  for (size_t row = 0; row < layers.size(); ++row) {
    const Layer& layer = layers[row];
    const Tensor& in = layer.input == kNetworkInput ? input : tensors[size_t(layer.input)];
    if (layer.kind == LayerKind::kLinear) return Linear(layer, weights.at(layer.name), in);
    if (layer.kind == LayerKind::kMaxPool) {
      tensors.push_back(MaxPool(layer, in));
      continue;
    }
    // A block's addition is done by the convolution in front of it, whose own row then has no tensor.
    const bool ends_block = layers[row + 1].kind == LayerKind::kAdd && layers[row + 1].input == int(row);
    if (ends_block) {
      const Tensor& shortcut = tensors[size_t(layers[row + 1].shortcut)];
      const Tensor sum = Convolve(layer, weights.at(layer.name), in, &shortcut, Output(layers, row + 1, ranges, bits));
      tensors.push_back({});
      tensors.push_back(sum);
      ++row;
    } else if (layer.kind == LayerKind::kConvolution) {
      tensors.push_back(Convolve(layer, weights.at(layer.name), in, nullptr, Output(layers, row, ranges, bits)));
    } else {
      tensors.push_back(MeanPool(in, Output(layers, row, ranges, bits)));
    }
  }
  return {};
}

TEST(Int8Reference, TheNetworkComputesThePlainIntegerArithmetic) {
  constexpr int kClasses = 11;
  const auto layers = RandomFoldedLayers(kClasses, 21);
  const auto rounded = Rounded(layers, kClasses);
  for (const auto& [height, width] : {std::pair{32, 32}, {45, 39}}) {
    const std::vector<float> image = RandomImage(9, 1, height, width);
    auto real = FloatNetwork(layers, kClasses);
    const RangeMap ranges = CalibratedRanges(*real, image, 1, height, width);
    for (ActivationBits bits : {ActivationBits::kSeven, ActivationBits::kEight}) {
      auto network = Int8Network(rounded, kClasses, ranges, bits);
      EXPECT_EQ(Logits(*network, image, 1, height, width),
                Interpret(rounded, ranges, bits, image, height, width, kClasses))
          << height << " x " << width << ", " << int(bits) << " bits";
    }
  }
}

}  // namespace
}  // namespace resnet50::testing
