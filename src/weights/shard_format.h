// The layout of weight shards, which docs/weights-format.md describes: names, shapes and orders of a layer's tensors in
// a safetensors file. The only code of the core that writes or reads it. Knows no network and no checkpoint.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "weights/safetensors.h"

namespace resnet50 {

// Order of a convolution's weights: output channel, kernel row, kernel column, input channel; or torch's own, which
// compresses better where kernels repeat. Kernels of 1 x 1 are always stored as kOhwi.
enum class WeightOrder : uint8_t { kOhwi, kOihw };

// What a shard has to know of a layer.
struct LayerShape {
  int64_t out_channels, in_channels, kernel;
  bool is_linear;

  size_t row() const { return size_t(in_channels) * size_t(kernel) * size_t(kernel); }  // weights per output channel
};

// A convolution's batch norm, whose tensors f32 shards carry, so that weights can be given back unfolded.
inline constexpr std::array kBatchNormParts = {".weight", ".bias", ".running_mean", ".running_var"};

// Output channels [first, first + channels) of a layer on their way into a shard. Spans are of these channels alone.
struct LayerPiece {
  std::string layer;
  LayerShape shape;
  size_t first = 0, channels = 0;
  std::span<const int8_t> codes = {};  // OHWI; empty in f32 shards
  std::span<const float> real = {};    // OHWI; empty in int8 shards
  std::span<const float> scale = {};   // int8 shards
  std::span<const float> bias = {};
  std::span<const float> equalization = {};  // empty for none
  std::string batch_norm = {};  // its name, and its numbers in the order of kBatchNormParts; empty for none
  std::array<std::span<const float>, kBatchNormParts.size()> batch_norm_values = {};
};

// The bytes of a shard of these pieces, with `order` in its metadata. Errors: those of WriteSafetensors.
Result<std::vector<uint8_t>> WriteShard(std::span<const LayerPiece> pieces, WeightOrder order);

// The tensors of a layer, or of its output channels from `first` on, in a shard; null for what it does not have.
struct StoredPiece {
  std::string_view layer;
  size_t first = 0;
  const SafetensorsTensor* weight = nullptr;
  const SafetensorsTensor* scale = nullptr;
  const SafetensorsTensor* bias = nullptr;
  const SafetensorsTensor* equalization = nullptr;
  const SafetensorsTensor* other = nullptr;  // one that is none of these, such as a batch norm's running mean
};

// A parsed shard; views the bytes that it was read from, and is not copied.
struct Shard {
  Safetensors file;
  std::vector<StoredPiece> pieces;  // by layer and first channel, in the file's order
  // As its metadata says; shards of earlier versions say nothing.
  std::optional<WeightOrder> order;
};

// Errors: those of ParseSafetensors; kWeightsMismatch for a name that is no layer's or an order that is unknown.
Result<Shard> ParseShard(std::span<const uint8_t> bytes, std::string_view file_name);

// The order in which a piece's weight is stored; nothing where its shape is not that of `channels` rows of the layer.
// A shard that does not say is told by the shape: no layer of ResNet-50 has as many input channels as kernel rows.
std::optional<WeightOrder> OrderOf(const SafetensorsTensor& weight, const LayerShape& shape, size_t channels,
                                   std::optional<WeightOrder> declared);

// int8 codes as OHWI.
std::vector<int8_t> ToOhwi(std::span<const int8_t> oihw, const LayerShape& shape);

}  // namespace resnet50
