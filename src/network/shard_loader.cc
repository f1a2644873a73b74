#include "network/shard_loader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace resnet50 {
namespace {

// "fc.weight#256" -> layer "fc", part "weight", first channel 256.
struct TensorName {
  std::string_view layer, part;
  size_t first = 0;
  bool valid = false;
};

TensorName ParseName(std::string_view name) {
  TensorName parsed;
  if (const size_t mark = name.find('#'); mark != std::string_view::npos) {
    const std::string_view digits = name.substr(mark + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.first);
    if (error != std::errc{} || end != digits.data() + digits.size()) return parsed;
    name = name.substr(0, mark);
  }
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return parsed;
  parsed.layer = name.substr(0, dot);
  parsed.part = name.substr(dot + 1);
  parsed.valid = true;
  return parsed;
}

// Folded into the convolution in front of it: there for those who ask for the parameters, not for us.
bool IsBatchNorm(const std::vector<Layer>& layers, std::string_view name) {
  return !name.empty() &&
         std::any_of(layers.begin(), layers.end(), [&](const Layer& layer) { return layer.batch_norm == name; });
}

Error Mismatch(std::string_view file, std::string_view tensor, std::string why) {
  return {ErrorCode::kWeightsMismatch, std::string(file), "tensor " + std::string(tensor) + " " + std::move(why)};
}

// The shape of `channels` rows of a layer's weight.
std::vector<int64_t> ExpectedShape(const Layer& layer, size_t channels) {
  if (layer.kind == LayerKind::kLinear) return {int64_t(channels), layer.in_channels};
  return {int64_t(channels), layer.kernel, layer.kernel, layer.in_channels};
}

// The same, each kernel's values together: the order of shards that compress by their repeated kernels.
std::vector<int64_t> ShapeByKernel(const Layer& layer, size_t channels) {
  return {int64_t(channels), layer.in_channels, layer.kernel, layer.kernel};
}

// `channels` rows of OIHW -> OHWI.
std::vector<int8_t> FromKernels(const Layer& layer, size_t channels, std::span<const uint8_t> oihw) {
  const size_t area = size_t(layer.kernel) * size_t(layer.kernel), in = size_t(layer.in_channels);
  std::vector<int8_t> ohwi(oihw.size());
  for (size_t o = 0; o < channels * area * in; o += area * in) {
    for (size_t i = 0; i < in; ++i) {
      for (size_t p = 0; p < area; ++p) ohwi[o + p * in + i] = int8_t(oihw[o + i * area + p]);
    }
  }
  return ohwi;
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

std::string PieceName(std::string_view tensor, size_t first, bool whole) {
  return whole ? std::string(tensor) : std::string(tensor) + "#" + std::to_string(first);
}

Status ShardLoader::Load(std::span<const uint8_t> shard, std::string_view file_name) {
  Result<Safetensors> parsed = ParseSafetensors(shard, file_name);
  if (!parsed) return std::move(parsed).error();
  std::map<std::pair<std::string_view, size_t>, Piece> pieces;
  std::vector<std::pair<std::string_view, size_t>> order;
  for (const SafetensorsTensor& tensor : parsed->tensors) {
    const TensorName name = ParseName(tensor.name);
    if (IsBatchNorm(network_.layers(), name.layer)) continue;
    if (name.valid && name.part == "equalization" && tensor.type == TensorType::kF32) {
      Status status = network_.SetEqualization(name.layer, name.first, CopyFloats(tensor.data));
      if (!status) return status;
      continue;
    }
    const bool known = name.part == "weight" || name.part == "scale" || name.part == "bias";
    if (!name.valid || !known) return Mismatch(file_name, tensor.name, "belongs to no layer of ResNet-50");
    const auto [it, fresh] = pieces.try_emplace({name.layer, name.first});
    if (fresh) order.push_back(it->first);
    it->second.first = name.first;
    (name.part == "weight" ? it->second.weight : name.part == "scale" ? it->second.scale : it->second.bias) = &tensor;
  }
  for (const auto& key : order) {
    const auto& layers = network_.layers();
    const auto layer = std::find_if(layers.begin(), layers.end(), [&](const Layer& candidate) {
      return candidate.has_weights() && candidate.name == key.first;
    });
    if (layer == layers.end()) return Mismatch(file_name, key.first, "belongs to no layer of ResNet-50");
    if (Status status = Place(*layer, pieces[key], file_name); !status) return status;
  }
  return {};
}

Status ShardLoader::Place(const Layer& layer, const Piece& piece, std::string_view file_name) {
  const bool int8 = network_.precision() == Precision::kInt8;
  if (piece.weight == nullptr || piece.bias == nullptr || (int8 && piece.scale == nullptr)) {
    return Mismatch(file_name, layer.name, "lacks its weight, bias or scale in this shard");
  }
  const size_t channels = piece.weight->shape.empty() ? 0 : size_t(std::max<int64_t>(0, piece.weight->shape[0]));
  const size_t all = size_t(layer.out_channels);
  const bool by_kernel = int8 && layer.kernel > 1 && piece.weight->shape == ShapeByKernel(layer, channels);
  if (channels == 0 || piece.first >= all || channels > all - piece.first ||
      (!by_kernel && piece.weight->shape != ExpectedShape(layer, channels))) {
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
  if (by_kernel) reordered = FromKernels(layer, channels, piece.weight->data);
  const std::span<const int8_t> codes = by_kernel ? std::span<const int8_t>(reordered) : AsCodes(piece.weight->data);
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

Status ShardLoader::Collect(const Layer& layer, const Piece& piece, std::span<const int8_t> codes, size_t channels,
                            std::string_view file_name) {
  const bool int8 = network_.precision() == Precision::kInt8;
  const size_t all = size_t(layer.out_channels);
  const size_t row = layer.weight_count() / all;
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
