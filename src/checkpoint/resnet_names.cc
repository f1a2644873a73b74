#include "checkpoint/resnet_names.h"

#include <algorithm>
#include <set>

namespace resnet50 {
namespace {

constexpr std::string_view kAnchor = "layer1.0.conv1.weight";
constexpr Naming kNamings[] = {Naming::kTorchvision, Naming::kTransformers, Naming::kSequential};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Cuts the first component off, without its dot.
std::string_view TakeComponent(std::string_view& name) {
  const size_t end = std::min(name.find('.'), name.size());
  const std::string_view component = name.substr(0, end);
  name.remove_prefix(std::min(end + 1, name.size()));
  return component;
}

// layerN.M.PART.rest as transformers has it. `digit` is N.
std::string BlockInTransformers(char digit, std::string_view rest) {
  const std::string_view block = TakeComponent(rest), part = TakeComponent(rest);
  std::string name = "encoder.stages." + std::string(1, char(digit - 1)) + ".layers." + std::string(block) + ".";
  if (part == "downsample") {
    const bool is_convolution = TakeComponent(rest) == "0";
    return name + "shortcut." + (is_convolution ? "convolution." : "normalization.") + std::string(rest);
  }
  const bool is_convolution = part.starts_with("conv");
  return name + "layer." + std::string(1, char(part.back() - 1)) +
         (is_convolution ? ".convolution." : ".normalization.") + std::string(rest);
}

// Modules that compute features, without the digits at their ends. Anything else beside a body (projector, queue,
// normalizer, criterion) is not its own.
bool IsOwnModule(std::string_view component) {
  static const std::set<std::string_view> kModules = {
      "conv", "bn", "gn",   "norm", "layer", "downsample", "maxpool",  "avgpool",     "relu", "act",
      "stem", "se", "pool", "gem",  "cbam",  "attn",       "attnpool", "global_pool", "in",   "blurpool"};
  while (!component.empty() && IsDigit(component.back())) component.remove_suffix(1);
  return kModules.contains(component);
}

}  // namespace

std::string NameIn(Naming naming, std::string_view torchvision) {
  if (naming == Naming::kTorchvision) return std::string(torchvision);
  std::string_view rest = torchvision;
  const std::string_view module = TakeComponent(rest);
  const bool is_layer = module.starts_with("layer");
  if (naming == Naming::kSequential) {
    if (is_layer) return std::string(1, char(module.back() + 3)) + "." + std::string(rest);
    return (module == "conv1" ? "0." : "1.") + std::string(rest);
  }
  if (is_layer) return BlockInTransformers(module.back(), rest);
  return (module == "conv1" ? "embedder.embedder.convolution." : "embedder.embedder.normalization.") +
         std::string(rest);
}

std::vector<Body> FindBodies(std::span<const TensorEntry> entries) {
  std::string anchors[std::size(kNamings)];
  for (size_t i = 0; i < std::size(kNamings); ++i) anchors[i] = NameIn(kNamings[i], kAnchor);
  std::vector<Body> bodies;
  for (const TensorEntry& entry : entries) {
    for (size_t i = 0; i < std::size(kNamings); ++i) {
      if (!entry.name.ends_with(anchors[i])) continue;
      const size_t length = entry.name.size() - anchors[i].size();
      if ((length == 0 || entry.name[length - 1] == '.') && bodies.size() < kMaxBodies) {
        bodies.push_back({kNamings[i], entry.name.substr(0, length), std::min(entry.key, length)});
      }
    }
  }
  return bodies;
}

TensorIndex IndexOf(std::span<const TensorEntry> entries) {
  TensorIndex index;
  for (const TensorEntry& entry : entries) index.emplace(entry.name, &entry);
  return index;
}

bool TakesPart(Naming naming, std::string_view name) {
  const std::string_view module = TakeComponent(name);
  switch (naming) {
    case Naming::kTorchvision: return IsOwnModule(module);
    case Naming::kTransformers: return module == "embedder" || module == "encoder" || module == "pooler";
    case Naming::kSequential: break;
  }
  return module.size() == 1 && module[0] >= '0' && module[0] <= '8';  // 8: the average pooling
}

std::string_view ParentPrefix(std::string_view prefix) {
  if (prefix.size() < 2) return {};
  return prefix.substr(0, prefix.rfind('.', prefix.size() - 2) + 1);  // npos + 1 = 0
}

}  // namespace resnet50
