#include "network/topology.h"

#include <array>
#include <utility>

namespace resnet50 {
namespace {

struct Stage {
  int blocks;
  int width;   // channels of conv1 and conv2; the block's output has kExpansion times as many
  int stride;  // of the first block
};
constexpr std::array<Stage, 4> kStages = {{{3, 64, 1}, {4, 128, 2}, {6, 256, 2}, {3, 512, 2}}};
constexpr int kExpansion = 4;
constexpr int kStemChannels = 64;

class TableBuilder {
 public:
  int Convolution(std::string name, std::string batch_norm, int input, int in, int out, int kernel, int stride,
                  bool relu) {
    return Append({LayerKind::kConvolution, std::move(name), std::move(batch_norm), input, kNoLayer, in, out, kernel,
                   stride, (kernel - 1) / 2, relu});
  }
  int Plain(LayerKind kind, std::string name, int input, int shortcut, int in, int out, int kernel, int stride,
            int padding, bool relu) {
    return Append({kind, std::move(name), {}, input, shortcut, in, out, kernel, stride, padding, relu});
  }
  std::vector<Layer> Take() { return std::move(rows_); }

 private:
  int Append(Layer layer) {
    rows_.push_back(std::move(layer));
    return int(rows_.size()) - 1;
  }
  std::vector<Layer> rows_;
};

// 1x1 reduce, 3x3 (which carries the stride), 1x1 expand, and the shortcut: the block's input, projected where its
// shape changes.
int AppendBottleneck(TableBuilder& table, const std::string& prefix, int input, int in, int width, int stride) {
  const int out = width * kExpansion;
  const int reduced = table.Convolution(prefix + ".conv1", prefix + ".bn1", input, in, width, 1, 1, true);
  const int spatial = table.Convolution(prefix + ".conv2", prefix + ".bn2", reduced, width, width, 3, stride, true);
  // The projection comes before conv3, which may add it in its own epilogue.
  int shortcut = input;
  if (in != out || stride != 1) {
    shortcut = table.Convolution(prefix + ".downsample.0", prefix + ".downsample.1", input, in, out, 1, stride, false);
  }
  const int expanded = table.Convolution(prefix + ".conv3", prefix + ".bn3", spatial, width, out, 1, 1, false);
  return table.Plain(LayerKind::kAdd, prefix + ".add", expanded, shortcut, out, out, 1, 1, 0, true);
}

void AppendBatchNorm(std::vector<ParameterSpec>& specs, const std::string& name, int64_t channels) {
  specs.push_back({name + ".weight", {channels}, true});
  specs.push_back({name + ".bias", {channels}, true});
  specs.push_back({name + ".running_mean", {channels}, false});
  specs.push_back({name + ".running_var", {channels}, false});
  specs.push_back({name + ".num_batches_tracked", {}, false});
}

}  // namespace

std::vector<Layer> ResNet50Layers(int classes) {
  TableBuilder table;
  int last = table.Convolution("conv1", "bn1", kNetworkInput, kInputChannels, kStemChannels, 7, 2, true);
  last = table.Plain(LayerKind::kMaxPool, "maxpool", last, kNoLayer, kStemChannels, kStemChannels, 3, 2, 1, true);
  int channels = kStemChannels;
  for (size_t s = 0; s < kStages.size(); ++s) {
    for (int b = 0; b < kStages[s].blocks; ++b) {
      const std::string prefix = "layer" + std::to_string(s + 1) + "." + std::to_string(b);
      last = AppendBottleneck(table, prefix, last, channels, kStages[s].width, b == 0 ? kStages[s].stride : 1);
      channels = kStages[s].width * kExpansion;
    }
  }
  last = table.Plain(LayerKind::kMeanPool, "avgpool", last, kNoLayer, channels, channels, 1, 1, 0, true);
  table.Plain(LayerKind::kLinear, "fc", last, kNoLayer, channels, classes, 1, 1, 0, false);
  return table.Take();
}

bool FeedsConvolution(const std::vector<Layer>& layers, int row) {
  for (size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].input != row) continue;
    if (layers[i].kind == LayerKind::kConvolution) return true;
    if (layers[i].kind == LayerKind::kMaxPool && FeedsConvolution(layers, int(i))) return true;
  }
  return false;
}

int OutputSize(const Layer& layer, int size) {
  switch (layer.kind) {
    case LayerKind::kConvolution:
    case LayerKind::kMaxPool: return (size + 2 * layer.padding - layer.kernel) / layer.stride + 1;
    case LayerKind::kAdd: return size;
    case LayerKind::kMeanPool:
    case LayerKind::kLinear: return 1;
  }
  return size;
}

std::vector<ParameterSpec> ResNet50Parameters(int classes) {
  std::vector<Layer> layers = ResNet50Layers(classes);
  // torchvision lists a block's projection last.
  for (size_t i = 0; i + 1 < layers.size(); ++i) {
    if (layers[i].name.ends_with(".downsample.0") && layers[i + 1].has_weights()) std::swap(layers[i], layers[i + 1]);
  }
  std::vector<ParameterSpec> specs;
  for (const Layer& layer : layers) {
    if (layer.kind == LayerKind::kConvolution) {
      specs.push_back(
          {layer.name + ".weight", {layer.out_channels, layer.in_channels, layer.kernel, layer.kernel}, true});
      AppendBatchNorm(specs, layer.batch_norm, layer.out_channels);
    } else if (layer.kind == LayerKind::kLinear) {
      specs.push_back({layer.name + ".weight", {layer.out_channels, layer.in_channels}, true});
      specs.push_back({layer.name + ".bias", {layer.out_channels}, true});
    }
  }
  return specs;
}

}  // namespace resnet50
