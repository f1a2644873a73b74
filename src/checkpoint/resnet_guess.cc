#include "checkpoint/resnet_guess.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace resnet50 {
namespace {

using Shape = std::vector<int64_t>;

// Shapes of a body by torchvision's names.
class Shapes {
 public:
  explicit Shapes(const StateDict& body) {
    for (const Tensor& tensor : body.tensors) shapes_.emplace(tensor.name, &tensor.shape);
  }
  bool Has(std::string_view name) const { return shapes_.contains(name); }
  // A dimension, or -1 where there is none.
  int64_t Size(std::string_view name, size_t dimension) const {
    const auto found = shapes_.find(name);
    return found == shapes_.end() || found->second->size() <= dimension ? -1 : (*found->second)[dimension];
  }
  std::string Text(std::string_view name) const { return ShapeText(*shapes_.find(name)->second); }
  // Whether any name contains the text.
  bool Mentions(std::string_view text) const {
    return std::any_of(shapes_.begin(), shapes_.end(),
                       [&](const auto& row) { return row.first.find(text) != std::string_view::npos; });
  }

 private:
  std::map<std::string_view, const Shape*> shapes_;
};

int CountBlocks(const Shapes& shapes, int layer) {
  int count = 0;
  while (count < 1000 && shapes.Has("layer" + std::to_string(layer) + "." + std::to_string(count) + ".conv1.weight")) {
    ++count;
  }
  return count;
}

struct Depth {
  int blocks[4];
  std::string_view basic, bottleneck;  // names of the networks with such blocks; empty where there is none
};

constexpr Depth kDepths[] = {
    {{1, 1, 1, 1}, "a ResNet-10", ""},   {{2, 2, 2, 2}, "a ResNet-18", "a ResNet-26"},
    {{3, 4, 6, 3}, "a ResNet-34", ""},   {{3, 4, 23, 3}, "", "a ResNet-101"},
    {{3, 8, 36, 3}, "", "a ResNet-152"},
};

std::string GuessDepth(const Shapes& shapes, bool is_basic) {
  int blocks[4];
  for (int i = 0; i < 4; ++i) blocks[i] = CountBlocks(shapes, i + 1);
  if (std::count(blocks, blocks + 4, 0) > 0) return {};  // a part of a network
  constexpr int k50[] = {3, 4, 6, 3};
  int differs = 0;
  while (differs < 4 && blocks[differs] == k50[differs]) ++differs;
  if (differs == 4 && !is_basic) return {};
  if (blocks[2] != k50[2]) differs = 2;  // where the well-known ones differ most
  const std::string evidence =
      is_basic ? "blocks have two convolutions"
               : "layer" + std::to_string(differs + 1) + " has " + std::to_string(blocks[differs]) + " blocks";
  for (const Depth& row : kDepths) {
    const std::string_view name = is_basic ? row.basic : row.bottleneck;
    if (!name.empty() && std::equal(blocks, blocks + 4, row.blocks)) return std::string(name) + ": " + evidence;
  }
  return "a ResNet of another depth: " + evidence;
}

std::string GuessWidth(const Shapes& shapes) {
  const std::string name = "layer1.0.conv2.weight";
  const int64_t width = shapes.Size(name, 0), per_group = shapes.Size(name, 1);
  if (width <= 0 || per_group <= 0 || (width == 64 && per_group == 64)) return {};
  const bool is_deep = CountBlocks(shapes, 3) == 23;
  if (width == per_group) {
    const std::string wide = is_deep ? "wide_resnet101_2" : "wide_resnet50_2";
    return width == 128 ? "bottleneck widths of " + wide + ": " + name + " is " + shapes.Text(name)
                        : "a ResNet of other bottleneck widths: " + name + " is " + shapes.Text(name);
  }
  return "a ResNeXt: " + name + " is " + shapes.Text(name) + ", " + std::to_string(width / per_group) + " groups of " +
         std::to_string(per_group) + ", as resnext" + (is_deep ? "101_" : "50_") + std::to_string(width / per_group) +
         "x" + std::to_string(per_group) + "d has";
}

std::string GuessStem(const Shapes& shapes) {
  const std::string name = "conv1.weight";
  if (shapes.Has("conv2.weight") && shapes.Has("conv3.weight")) {
    return "CLIP's ResNet-50: three convolutions before layer1 and attention pooling";
  }
  if (shapes.Has("conv1.0.weight") || shapes.Mentions("stem.")) {
    return "a ResNet-50-C or -D (timm's resnet50d and alike): its stem has several convolutions";
  }
  if (!shapes.Has(name)) return {};
  if (const int64_t channels = shapes.Size(name, 1); channels != 3) {
    return "conv1 takes " + std::to_string(channels) + (channels == 1 ? " channel" : " channels") +
           ": this package gives it pictures of 3 channels, red, green and blue";
  }
  if (shapes.Size(name, 2) == 3) return "a stem for small pictures: conv1 is 3x3 instead of 7x7";
  return {};
}

// Parts of names that ResNet-50 lacks, and what they tell.
struct Mark {
  std::string_view text, name;
};

constexpr Mark kMarks[] = {
    {".se.", "squeeze-and-excitation blocks (seresnet50)"},
    {".se_module.", "squeeze-and-excitation blocks (seresnet50)"},
    {".attn", "attention in its blocks"},
    {".ca.", "attention in its blocks (CBAM)"},
    {"avgpool.p", "generalized-mean pooling (GeM) instead of the average"},
    {"pool.p", "generalized-mean pooling (GeM) instead of the average"},
    {"attnpool.", "attention pooling instead of the average"},
    {"downsample.2", "projections with a pooling before them (a ResNet-D)"},
    {".conv2_offset", "deformable convolutions"},
    {".conv2.conv_offset", "deformable convolutions"},
    {".gn1.", "group norm instead of batch norm"},
    {"weight_orig", "pruned weights: call torch.nn.utils.prune.remove before saving"},
    {"weight_mask", "pruned weights: call torch.nn.utils.prune.remove before saving"},
    {"lora_", "LoRA weights beside its own: merge them before saving"},
    {".weight_fake_quant", "quantization-aware training: save the float network from before"},
    {"scale", "quantized weights: save the float network from before quantization"},
};

// Networks of other families, by a part of one of their names.
constexpr Mark kForeign[] = {
    {"relative_position_bias_table", "a Swin Transformer"},
    {"cls_token", "a vision transformer (ViT, DeiT)"},
    {"class_token", "a vision transformer (ViT, DeiT)"},
    {"pos_embed", "a vision transformer"},
    {"position_embeddings", "a vision transformer"},
    {"denseblock1", "a DenseNet"},
    {"Mixed_5b", "an Inception network"},
    {"inception3a", "a GoogLeNet"},
    {"layer_scale", "a ConvNeXt"},
    {"dwconv", "a ConvNeXt"},
    {"conv_dw", "an EfficientNet or MobileNet"},
    {"_depthwise_conv", "an EfficientNet"},
    {"trunk_output", "a RegNet"},
    {"features.1.conv.0.0.weight", "a MobileNetV2"},
    {"features.1.0.block.0", "an EfficientNet"},
    {"features.1.block.0.0.weight", "a MobileNetV3"},
    {"features.3.squeeze.weight", "a SqueezeNet"},
    {"res2.0.conv1", "a ResNet with Detectron2's names, which may have the stride elsewhere"},
    {"stages.0.blocks.0.conv1", "a pre-activation ResNet (ResNetV2) or another network of timm"},
    {"stem.conv.weight", "another network of timm"},
    {"classifier.6.weight", "a VGG or an AlexNet"},
    {"features.0.weight", "a VGG or another network of torchvision"},
    {"encoder.stages.0.layers.0.layer.", "a ResNet of Hugging Face transformers with other blocks"},
    {"lora_", "LoRA weights without the network that they belong to"},
};

constexpr Mark kSurroundings[] = {
    {"roi_heads.", "a detection model"},      {"rpn.", "a detection model"},
    {"rpn_head.", "a detection model"},       {"bbox_head.", "a detection model"},
    {".fpn.", "a detection model"},           {"aux_classifier.", "a segmentation model"},
    {"decode_head.", "a segmentation model"}, {"segmentation_head.", "a segmentation model"},
    {"class_embed.", "a detection model"},    {"classifier.0.convs.", "a segmentation model"},
};

template <size_t N>
std::string FirstMark(const Mark (&marks)[N], const auto& mentions) {
  for (const Mark& mark : marks) {
    if (mentions(mark.text)) return std::string(mark.name);
  }
  return {};
}

}  // namespace

std::string GuessRelative(const StateDict& body) {
  const Shapes shapes(body);
  const bool is_basic = shapes.Has("layer1.0.conv2.weight") && !shapes.Has("layer1.0.conv3.weight");
  if (is_basic) return GuessDepth(shapes, true);
  if (std::string width = GuessWidth(shapes); !width.empty()) return width;
  if (std::string depth = GuessDepth(shapes, false); !depth.empty()) return depth;
  if (std::string stem = GuessStem(shapes); !stem.empty()) return stem;
  if (shapes.Has("bn1.weight") && !shapes.Has("bn1.running_var")) {
    return "group norm or another norm without running statistics, instead of batch norm";
  }
  return FirstMark(kMarks, [&](std::string_view text) { return shapes.Mentions(text); });
}

std::string GuessForeign(std::span<const TensorEntry> entries) {
  const auto mentions = [&](std::string_view text) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const TensorEntry& entry) { return entry.name.find(text) != std::string::npos; });
  };
  return FirstMark(kForeign, mentions);
}

std::string GuessSurrounding(std::span<const TensorEntry> entries, const Body& body) {
  const std::string_view path = body.path();
  for (const TensorEntry& entry : entries) {
    if (entry.path() != path) continue;
    const std::string_view name = std::string_view(entry.name).substr(entry.key);
    const bool is_matrix = entry.shape.size() == 2;
    for (const Mark& mark : kSurroundings) {
      if (name.find(mark.text) != std::string_view::npos && !is_matrix) return std::string(mark.name);
    }
    if (name.find("classifier.") != std::string_view::npos && entry.shape.size() == 4 && entry.shape[2] > 1) {
      return "a segmentation model";
    }
    if (name.ends_with("pool.p") || name.ends_with("gem.p")) return "a network with generalized-mean pooling (GeM)";
  }
  return {};
}

}  // namespace resnet50
