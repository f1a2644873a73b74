// From weight shards (safetensors files) to packed layers: a layer is packed as soon as all of it has arrived, and its
// bytes are not kept. Knows the names of tensors in shards; where shards come from is the caller's business.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/network.h"
#include "weights/safetensors.h"

namespace resnet50 {

// Tensors of a layer in a shard. int8: LAYER.weight I8 [O, KH, KW, I], LAYER.scale F32 [O], LAYER.bias F32 [O];
// f32: LAYER.weight F32 [O, KH, KW, I], LAYER.bias F32 [O]; fc without KH and KW. A layer too large for one shard is
// cut by output channels: LAYER.weight#256 holds the rows from channel 256 on, and so do its scale and bias. An int8
// weight of a kernel over 1x1 may also lie as [O, I, KH, KW], as torch has it: some shards compress better so. The
// vectors of batch norms, which f32 shards carry under torchvision's names, are skipped.
// LAYER.equalization F32 [O], at the first convolution of those that share their output channels, is what the
// quantization divided those channels by.
class ShardLoader {
 public:
  // `network` outlives the loader.
  explicit ShardLoader(Network& network) : network_(network) {}

  // Reads one whole shard, in any order. Errors: kWeightsFormat (not a valid safetensors file), kWeightsMismatch (a
  // tensor that this network has not, or of another shape or type). After an error the layers of earlier shards stand.
  Status Load(std::span<const uint8_t> shard, std::string_view file_name);

 private:
  struct Pending {  // a layer whose pieces are still arriving
    std::vector<int8_t> quantized;
    std::vector<float> real, scales, bias;
    size_t channels = 0;  // arrived so far
    std::vector<bool> seen;
  };
  struct Piece {  // the tensors of one layer in one shard
    const SafetensorsTensor* weight = nullptr;
    const SafetensorsTensor* scale = nullptr;
    const SafetensorsTensor* bias = nullptr;
    size_t first = 0;  // output channel
  };

  Status Place(const Layer& layer, const Piece& piece, std::string_view file_name);
  // `codes`: the piece's weight, OHWI, where the network is int8.
  Status Collect(const Layer& layer, const Piece& piece, std::span<const int8_t> codes, size_t channels,
                 std::string_view file_name);

  Network& network_;
  std::map<std::string, Pending, std::less<>> pending_;
};

// The name of a tensor's piece that begins at output channel `first`; the plain name where it is the whole.
std::string PieceName(std::string_view tensor, size_t first, bool whole);

}  // namespace resnet50
