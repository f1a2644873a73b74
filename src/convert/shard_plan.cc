#include "convert/shard_plan.h"

#include <algorithm>

#include "weights/shard_format.h"

namespace resnet50 {
namespace {

// What a safetensors header takes at most: its frame with the metadata, and the entries of one piece's weight, bias,
// scale or batch norm.
constexpr size_t kShardHeaderBytes = 64;
constexpr size_t kPieceHeaderBytes = 1024;

// Bytes of one output channel of a layer with its scale and bias, or its batch norm.
size_t ChannelBytes(const Layer& layer, Precision precision) {
  const size_t row = layer.weight_count() / size_t(layer.out_channels);
  if (precision == Precision::kInt8) return row + 3 * sizeof(float);  // scale, bias, equalization
  return (row + 1 + (layer.batch_norm.empty() ? 0 : kBatchNormParts.size())) * sizeof(float);
}

}  // namespace

ShardPlan PlanShards(const std::vector<Layer>& layers, Precision precision, size_t max_bytes) {
  ShardPlan plan;
  const size_t shard_room = max_bytes > kShardHeaderBytes ? max_bytes - kShardHeaderBytes : 0;
  size_t room = 0;
  const auto open_shard = [&] {
    plan.emplace_back();
    room = shard_room;
  };
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i].has_weights()) continue;
    const size_t channel = ChannelBytes(layers[i], precision);
    const size_t channels = size_t(layers[i].out_channels);
    const auto fitting = [&](size_t bytes) {
      return bytes > kPieceHeaderBytes ? (bytes - kPieceHeaderBytes) / channel : 0;
    };
    const bool fits_some_shard = channels <= fitting(shard_room);
    if (plan.empty() || (channels > fitting(room) && fits_some_shard)) open_shard();
    for (size_t first = 0; first < channels;) {
      if (fitting(room) == 0 && !plan.back().empty()) open_shard();
      const size_t count = std::min(channels - first, std::max<size_t>(1, fitting(room)));
      plan.back().push_back({i, first, count});
      room -= std::min(room, count * channel + kPieceHeaderBytes);
      first += count;
    }
  }
  return plan;
}

}  // namespace resnet50
