#include "network/shard_loader.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace resnet50 {
namespace {

// A layer that arrives in pieces is held twice, here and packed; modules have 1 GiB.
constexpr size_t kMaxCollectedBytes = size_t{1} << 29;

// Folded into the convolution in front of it: there for those who ask for the parameters, not for us.
bool IsBatchNorm(const std::vector<Layer>& layers, std::string_view name) {
  return !name.empty() &&
         std::any_of(layers.begin(), layers.end(), [&](const Layer& layer) { return layer.batch_norm == name; });
}

Error Mismatch(std::string_view file, std::string_view tensor, std::string why) {
  return {ErrorCode::kWeightsMismatch, std::string(file), "tensor " + std::string(tensor) + " " + std::move(why)};
}

std::span<const int8_t> AsCodes(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const int8_t*>(bytes.data()), bytes.size()};
}

// Shards are read where they lie; a view as floats needs their alignment.
bool IsAligned(std::span<const uint8_t> bytes) {
  return reinterpret_cast<uintptr_t>(bytes.data()) % alignof(float) == 0;
}

std::vector<float> CopyFloats(std::span<const uint8_t> bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

}  // namespace

LayerShape ShapeOf(const Layer& layer) {
  return {layer.out_channels, layer.in_channels, layer.kernel, layer.kind == LayerKind::kLinear};
}

Status ShardLoader::Load(std::span<const uint8_t> bytes, std::string_view file_name) {
  Result<Shard> shard = ParseShard(bytes, file_name);
  if (!shard) return std::move(shard).error();
  const std::vector<Layer>& layers = network_.layers();
  for (const StoredPiece& piece : shard->pieces) {
    if (IsBatchNorm(layers, piece.layer)) continue;
    const auto layer = std::find_if(layers.begin(), layers.end(), [&](const Layer& candidate) {
      return candidate.has_weights() && candidate.name == piece.layer;
    });
    if (piece.other != nullptr || layer == layers.end()) {
      const std::string_view name = piece.other != nullptr ? std::string_view(piece.other->name) : piece.layer;
      return Mismatch(file_name, name, "belongs to no layer of ResNet-50");
    }
    if (Status status = Equalize(piece, file_name); !status) return status;
    // After fine-tuning a shard may hold a layer's equalization alone.
    const bool is_empty = piece.weight == nullptr && piece.bias == nullptr && piece.scale == nullptr;
    if (is_empty && piece.equalization != nullptr) continue;
    if (Status status = Place(*layer, piece, shard->order, file_name); !status) return status;
  }
  return {};
}

Status ShardLoader::Equalize(const StoredPiece& piece, std::string_view file_name) {
  if (piece.equalization == nullptr) return {};
  if (piece.equalization->type != TensorType::kF32) {
    return Mismatch(file_name, piece.equalization->name, "is not float32");
  }
  return network_.SetEqualization(piece.layer, piece.first, CopyFloats(piece.equalization->data));
}

Status ShardLoader::Place(const Layer& layer, const StoredPiece& piece, std::optional<WeightOrder> declared,
                          std::string_view file_name) {
  const bool int8 = network_.precision() == Precision::kInt8;
  if (piece.weight == nullptr || piece.bias == nullptr || (int8 && piece.scale == nullptr)) {
    return Mismatch(file_name, layer.name, "lacks its weight, bias or scale in this shard");
  }
  const size_t channels = piece.weight->shape.empty() ? 0 : size_t(std::max<int64_t>(0, piece.weight->shape[0]));
  const size_t all = size_t(layer.out_channels);
  const std::optional<WeightOrder> order = OrderOf(*piece.weight, ShapeOf(layer), channels, declared);
  if (channels == 0 || piece.first >= all || channels > all - piece.first || !order) {
    return Mismatch(file_name, piece.weight->name,
                    "has a shape that does not fit the layer; the shard is for another network or number of classes");
  }
  const TensorType type = int8 ? TensorType::kI8 : TensorType::kF32;
  if (piece.weight->type != type) {
    return Mismatch(file_name, piece.weight->name, int8 ? "is not int8" : "is not float32");
  }
  const std::vector<int64_t> vector_shape{int64_t(channels)};
  for (const SafetensorsTensor* tensor : {piece.bias, int8 ? piece.scale : piece.bias}) {
    if (tensor->type != TensorType::kF32 || tensor->shape != vector_shape) {
      return Mismatch(file_name, tensor->name, "is not a float32 vector with one value an output channel");
    }
  }
  std::vector<int8_t> reordered;
  std::span<const int8_t> codes = AsCodes(piece.weight->data);
  if (order == WeightOrder::kOihw) codes = reordered = ToOhwi(codes, ShapeOf(layer));
  if (channels != all) return Collect(layer, piece, codes, channels, file_name);

  const std::vector<float> bias = CopyFloats(piece.bias->data);
  const std::vector<float> scales = int8 ? CopyFloats(piece.scale->data) : std::vector<float>();
  std::vector<float> realigned;
  LayerWeights weights;
  weights.bias = bias;
  weights.scales = scales;
  if (int8) {
    weights.quantized = codes;
  } else if (IsAligned(piece.weight->data)) {
    weights.real = {reinterpret_cast<const float*>(piece.weight->data.data()),
                    piece.weight->data.size() / sizeof(float)};
  } else {
    realigned = CopyFloats(piece.weight->data);
    weights.real = realigned;
  }
  return network_.SetWeights(layer.name, weights);
}

Status ShardLoader::Collect(const Layer& layer, const StoredPiece& piece, std::span<const int8_t> codes,
                            size_t channels, std::string_view file_name) {
  const bool int8 = network_.precision() == Precision::kInt8;
  const size_t all = size_t(layer.out_channels);
  const size_t row = layer.weight_count() / all;
  if (layer.weight_count() * (int8 ? 1 : sizeof(float)) > kMaxCollectedBytes) {
    return Error{ErrorCode::kOutOfMemory, std::string(file_name), layer.name + " does not fit in memory"};
  }
  Pending& pending = pending_.try_emplace(layer.name).first->second;
  if (pending.seen.empty()) {
    pending.seen.resize(all);
    pending.bias.resize(all);
    if (int8) {
      pending.quantized.resize(layer.weight_count());
      pending.scales.resize(all);
    } else {
      pending.real.resize(layer.weight_count());
    }
  }
  const auto begin = pending.seen.begin() + ptrdiff_t(piece.first);
  if (std::find(begin, begin + ptrdiff_t(channels), true) != begin + ptrdiff_t(channels)) {
    return Mismatch(file_name, piece.weight->name, "repeats output channels that another shard brought");
  }
  std::fill(begin, begin + ptrdiff_t(channels), true);
  pending.channels += channels;
  const auto copy = [](const SafetensorsTensor& from, void* to) {
    std::memcpy(to, from.data.data(), from.data.size());
  };
  copy(*piece.bias, pending.bias.data() + piece.first);
  if (int8) {
    std::copy(codes.begin(), codes.end(), pending.quantized.begin() + ptrdiff_t(piece.first * row));
    copy(*piece.scale, pending.scales.data() + piece.first);
  } else {
    copy(*piece.weight, pending.real.data() + piece.first * row);
  }
  if (pending.channels < all) return {};

  LayerWeights weights;
  weights.quantized = pending.quantized;
  weights.real = pending.real;
  weights.scales = pending.scales;
  weights.bias = pending.bias;
  Status status = network_.SetWeights(layer.name, weights);
  pending_.erase(layer.name);
  return status;
}

}  // namespace resnet50
