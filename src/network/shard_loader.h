// From weight shards to packed layers: a layer is packed as soon as all of it has arrived, and its bytes are not kept.
// Where shards come from is the caller's business.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/network.h"
#include "weights/shard_format.h"

namespace resnet50 {

// The layer as shards know it.
LayerShape ShapeOf(const Layer& layer);

// Reads shards of the layout that weights/shard_format.h defines; the vectors of batch norms, which f32 shards carry,
// are skipped.
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

  Status Equalize(const StoredPiece& piece, std::string_view file_name);
  Status Place(const Layer& layer, const StoredPiece& piece, std::optional<WeightOrder> declared,
               std::string_view file_name);
  // `codes`: the piece's weight, OHWI, where the network is int8.
  Status Collect(const Layer& layer, const StoredPiece& piece, std::span<const int8_t> codes, size_t channels,
                 std::string_view file_name);

  Network& network_;
  std::map<std::string, Pending, std::less<>> pending_;
};

}  // namespace resnet50
