// ResNet-50 v1.5 as data: one row an operator, in the order in which they run. Nothing here knows precision, buffers or
// XNNPACK. Follows torchvision/models/resnet.py (Bottleneck with the stride in the 3x3, blocks [3, 4, 6, 3]).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace resnet50 {

enum class LayerKind : uint8_t {
  kConvolution,  // 2-D, square kernel, zero padding, batch norm folded into weight and bias
  kMaxPool,      // 3x3, stride 2, padding 1
  kAdd,          // input + shortcut, then ReLU
  kMeanPool,     // over height and width
  kLinear,       // fully connected
};

// One row of the table. `input` and `shortcut` are indices of earlier rows; kNetworkInput is the image.
struct Layer {
  LayerKind kind;
  std::string name;  // torchvision's module path for convolutions and fc; layerN.M.add, maxpool, avgpool otherwise
  std::string batch_norm;  // module path of the batch norm folded into a convolution; empty otherwise
  int input;
  int shortcut;  // kAdd only, else kNoLayer
  int in_channels;
  int out_channels;
  int kernel;
  int stride;
  int padding;
  bool relu;  // the output is clamped at 0

  bool has_weights() const { return kind == LayerKind::kConvolution || kind == LayerKind::kLinear; }
  // Elements of the weight tensor, OHWI (output channel, kernel row, kernel column, input channel).
  size_t weight_count() const { return size_t(out_channels) * kernel * kernel * in_channels; }
};

inline constexpr int kNetworkInput = -1;
inline constexpr int kNoLayer = -2;
inline constexpr int kInputChannels = 3;
inline constexpr int kMinInputSide = 32;  // smaller images would leave the last stage without a pixel of context
inline constexpr int kMaxInputSide = 4096;
inline constexpr int kMaxBatch = 256;
inline constexpr int kMaxClasses = 1 << 20;
// The name that stands for the image wherever tensors are named.
inline constexpr const char* kInputName = "input";

// The 72 rows for a head of `classes` outputs, classes in [1, kMaxClasses].
std::vector<Layer> ResNet50Layers(int classes);

// Whether a convolution reads the row's output, directly or through max pooling, which passes codes on unchanged.
bool FeedsConvolution(const std::vector<Layer>& layers, int row);

// Height (or width) of a row's output for an input of `size` pixels in that dimension.
int OutputSize(const Layer& layer, int size);

// A state-dict entry that torchvision's ResNet-50 has, and its shape.
struct ParameterSpec {
  std::string name;            // layer4.2.bn3.running_var
  std::vector<int64_t> shape;  // OIHW for convolutions
  bool trainable;              // counted by torchvision's num_params: weights and biases, not running statistics
};

// All 320 entries for `classes` outputs, in torchvision's order.
std::vector<ParameterSpec> ResNet50Parameters(int classes);

}  // namespace resnet50
