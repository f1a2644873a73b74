#include "weights/shard_format.h"

#include <charconv>
#include <deque>
#include <map>
#include <utility>

#include "weights/safetensors_writer.h"

namespace resnet50 {
namespace {

// The metadata's key, and its values by WeightOrder.
constexpr const char* kLayoutKey = "layout";
constexpr std::array<std::string_view, 2> kLayouts = {"OHWI", "OIHW"};

// "fc.weight#256" -> layer "fc", part "weight", first channel 256.
struct TensorName {
  std::string_view layer, part;
  size_t first = 0;
};

std::optional<TensorName> ParseName(std::string_view name) {
  TensorName parsed;
  if (const size_t mark = name.find('#'); mark != std::string_view::npos) {
    const std::string_view digits = name.substr(mark + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.first);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    name = name.substr(0, mark);
  }
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  parsed.layer = name.substr(0, dot);
  parsed.part = name.substr(dot + 1);
  return parsed;
}

std::vector<int64_t> ShapeOf(const LayerShape& layer, size_t channels, WeightOrder order) {
  if (layer.is_linear) return {int64_t(channels), layer.in_channels};
  if (order == WeightOrder::kOihw) return {int64_t(channels), layer.in_channels, layer.kernel, layer.kernel};
  return {int64_t(channels), layer.kernel, layer.kernel, layer.in_channels};
}

// Rows and columns of each matrix change places, of as many as there are one after the other.
std::vector<int8_t> Transposed(std::span<const int8_t> matrices, size_t rows, size_t columns) {
  std::vector<int8_t> transposed(matrices.size());
  for (size_t at = 0; at < matrices.size(); at += rows * columns) {
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c) transposed[at + c * rows + r] = matrices[at + r * columns + c];
    }
  }
  return transposed;
}

size_t AreaOf(const LayerShape& shape) { return size_t(shape.kernel) * size_t(shape.kernel); }

template <typename T>
std::span<const uint8_t> BytesOf(std::span<const T> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

// Collects the tensors of a shard, in the order in which they are written.
class PieceWriter {
 public:
  explicit PieceWriter(WeightOrder order) : order_(order) {}

  void Add(const LayerPiece& piece) {
    const bool int8 = piece.real.empty();
    if (int8) AddVector(piece, piece.layer + ".scale", piece.scale);
    if (int8) AddVector(piece, piece.layer + ".bias", piece.bias);
    AddWeight(piece);
    if (!int8) AddVector(piece, piece.layer + ".bias", piece.bias);
    if (!piece.equalization.empty()) AddVector(piece, piece.layer + ".equalization", piece.equalization);
    for (size_t i = 0; i < kBatchNormParts.size() && !piece.batch_norm.empty(); ++i) {
      AddVector(piece, piece.batch_norm + kBatchNormParts[i], piece.batch_norm_values[i]);
    }
  }

  Result<std::vector<uint8_t>> Write() const {
    return WriteSafetensors(tensors_, {{kLayoutKey, std::string(kLayouts[size_t(order_)])}});
  }

 private:
  static std::string NameOf(const LayerPiece& piece, const std::string& tensor) {
    const bool whole = piece.channels == size_t(piece.shape.out_channels);
    return whole ? tensor : tensor + "#" + std::to_string(piece.first);
  }

  void AddVector(const LayerPiece& piece, const std::string& tensor, std::span<const float> values) {
    tensors_.push_back({NameOf(piece, tensor), TensorType::kF32, {int64_t(piece.channels)}, BytesOf(values)});
  }

  void AddWeight(const LayerPiece& piece) {
    const std::string name = NameOf(piece, piece.layer + ".weight");
    if (!piece.real.empty()) {
      std::vector<int64_t> shape = ShapeOf(piece.shape, piece.channels, WeightOrder::kOhwi);
      tensors_.push_back({name, TensorType::kF32, std::move(shape), BytesOf(piece.real)});
      return;
    }
    const WeightOrder order = piece.shape.kernel > 1 ? order_ : WeightOrder::kOhwi;
    std::span<const int8_t> codes = piece.codes;
    if (order == WeightOrder::kOihw)
      codes = reordered_.emplace_back(Transposed(codes, AreaOf(piece.shape), size_t(piece.shape.in_channels)));
    tensors_.push_back({name, TensorType::kI8, ShapeOf(piece.shape, piece.channels, order), BytesOf(codes)});
  }

  WeightOrder order_;
  std::vector<TensorToWrite> tensors_;
  std::deque<std::vector<int8_t>> reordered_;  // what tensors view
};

Error Mismatch(std::string_view file, std::string_view tensor, std::string_view why) {
  return {ErrorCode::kWeightsMismatch, std::string(file), "tensor " + std::string(tensor) + " " + std::string(why)};
}

// Where a tensor goes by the last part of its name.
const SafetensorsTensor*& SlotOf(StoredPiece& piece, std::string_view part) {
  if (part == "weight") return piece.weight;
  if (part == "bias") return piece.bias;
  if (part == "scale") return piece.scale;
  if (part == "equalization") return piece.equalization;
  return piece.other;
}

Status ReadOrder(Shard& shard, std::string_view file_name) {
  const auto found = shard.file.metadata.find(std::string_view(kLayoutKey));
  if (found == shard.file.metadata.end()) return {};
  for (size_t i = 0; i < kLayouts.size(); ++i) {
    if (found->second == kLayouts[i]) shard.order = WeightOrder(i);
  }
  if (shard.order) return {};
  return Error{ErrorCode::kWeightsMismatch, std::string(file_name),
               "its metadata names the layout '" + found->second + "', which this version does not know"};
}

}  // namespace

Result<std::vector<uint8_t>> WriteShard(std::span<const LayerPiece> pieces, WeightOrder order) {
  PieceWriter writer(order);
  for (const LayerPiece& piece : pieces) writer.Add(piece);
  return writer.Write();
}

Result<Shard> ParseShard(std::span<const uint8_t> bytes, std::string_view file_name) {
  Result<Safetensors> parsed = ParseSafetensors(bytes, file_name);
  if (!parsed) return std::move(parsed).error();
  Shard shard;
  shard.file = std::move(parsed).value();
  if (Status status = ReadOrder(shard, file_name); !status) return std::move(status).error();
  std::map<std::pair<std::string_view, size_t>, size_t> places;
  for (const SafetensorsTensor& tensor : shard.file.tensors) {
    const std::optional<TensorName> name = ParseName(tensor.name);
    if (!name) return Mismatch(file_name, tensor.name, "belongs to no layer of ResNet-50");
    const auto [place, fresh] = places.try_emplace({name->layer, name->first}, shard.pieces.size());
    if (fresh) shard.pieces.push_back({.layer = name->layer, .first = name->first});
    SlotOf(shard.pieces[place->second], name->part) = &tensor;
  }
  return shard;
}

std::optional<WeightOrder> OrderOf(const SafetensorsTensor& weight, const LayerShape& shape, size_t channels,
                                   std::optional<WeightOrder> declared) {
  const auto is = [&](WeightOrder order) { return weight.shape == ShapeOf(shape, channels, order); };
  const bool may_be_oihw = weight.type == TensorType::kI8 && shape.kernel > 1 && declared != WeightOrder::kOhwi;
  if (may_be_oihw && is(WeightOrder::kOihw)) return WeightOrder::kOihw;
  const bool may_be_ohwi = declared != WeightOrder::kOihw || !may_be_oihw;
  if (may_be_ohwi && is(WeightOrder::kOhwi)) return WeightOrder::kOhwi;
  return std::nullopt;
}

std::vector<int8_t> ToOhwi(std::span<const int8_t> oihw, const LayerShape& shape) {
  return Transposed(oihw, size_t(shape.in_channels), AreaOf(shape));
}

}  // namespace resnet50
