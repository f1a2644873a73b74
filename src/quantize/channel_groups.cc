#include "quantize/channel_groups.h"

#include <map>

namespace resnet50 {

std::vector<ChannelGroup> ChannelGroups(const std::vector<Layer>& layers) {
  // Every row begins as a group of its own; rows that pass channels on join that of what they read.
  std::vector<size_t> group(layers.size());
  const auto join = [&](size_t a, size_t b) {
    const size_t from = group[a], to = group[b];
    for (size_t& g : group) {
      if (g == from) g = to;
    }
  };
  for (size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    group[i] = i;
    if (layer.has_weights()) continue;
    join(i, size_t(layer.input));
    if (layer.shortcut != kNoLayer) join(i, size_t(layer.shortcut));
  }
  std::map<size_t, ChannelGroup> groups;
  for (size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    if (layer.kind != LayerKind::kLinear) {
      ChannelGroup& own = groups[group[i]];
      own.channels = layer.out_channels;
      if (layer.has_weights()) own.producers.push_back(i);
      if (layer.relu && layer.kind != LayerKind::kMaxPool && layer.kind != LayerKind::kMeanPool) {
        own.tensors.push_back(i);
      }
    }
    if (layer.has_weights() && layer.input != kNetworkInput) groups[group[size_t(layer.input)]].consumers.push_back(i);
  }
  std::vector<ChannelGroup> list;
  list.reserve(groups.size());
  for (auto& [root, members] : groups) list.push_back(std::move(members));
  return list;
}

}  // namespace resnet50
