// How programs name the tensors of a ResNet-50, and where in a file such a network lies. Knows names and shapes, no
// values.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace resnet50 {

enum class Naming : uint8_t {
  kTorchvision,   // conv1, bn1, layer1.0.conv1 ... (timm, MMPretrain, VISSL and most others too)
  kTransformers,  // embedder.embedder.convolution, encoder.stages.0.layers.0.layer.0.convolution ...
  kSequential,    // 0, 1, 4.0.conv1 ...: torch.nn.Sequential(*resnet.children()), as fastai has it
};

// The name that torchvision's tensor has there, behind the prefix.
std::string NameIn(Naming naming, std::string_view torchvision);

// A network without its classifier, recognized by its first block.
struct Body {
  Naming naming;
  std::string prefix;  // of all of its names, '.' at its end or empty
  size_t key;          // where a name in its own dict begins

  std::string_view path() const { return std::string_view(prefix).substr(0, key); }  // of that dict
};

// Most networks of one file that are looked at.
inline constexpr size_t kMaxBodies = 32;

// All of them, complete or not, in the file's order.
std::vector<Body> FindBodies(std::span<const TensorEntry> entries);

// Entries by name.
using TensorIndex = std::map<std::string_view, const TensorEntry*>;
TensorIndex IndexOf(std::span<const TensorEntry> entries);

// Whether a tensor of this name (behind the body's prefix) would take part in computing features: one that the expected
// network lacks makes it another network.
bool TakesPart(Naming naming, std::string_view name);

// "a." of "a.b.c.", "" of "a.".
std::string_view ParentPrefix(std::string_view prefix);

}  // namespace resnet50
