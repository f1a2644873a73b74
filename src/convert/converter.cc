#include "convert/converter.h"

#include <algorithm>
#include <string>
#include <utility>

#include "convert/generated_images.h"
#include "image/decode.h"
#include "network/shard_loader.h"
#include "quantize/channel_groups.h"

namespace resnet50 {
namespace {

// Whether the row is the first of those that share its output channels' factors: it speaks for all.
bool LeadsChannelGroup(const std::vector<Layer>& layers, size_t row) {
  const std::vector<ChannelGroup> groups = ChannelGroups(layers);
  return std::any_of(groups.begin(), groups.end(), [&](const ChannelGroup& group) {
    return !group.producers.empty() && group.producers.front() == row;
  });
}

// The piece's rows of values that lie channel after channel.
template <typename T>
std::span<const T> RowsOf(const std::vector<T>& values, const ShardPiece& piece, size_t per_channel = 1) {
  return std::span(values).subspan(piece.first * per_channel, piece.channels * per_channel);
}

LayerPiece PieceOf(const Layer& layer, const ShardPiece& piece) {
  return {.layer = layer.name, .shape = ShapeOf(layer), .first = piece.first, .channels = piece.channels};
}

}  // namespace

Result<std::unique_ptr<Converter>> Converter::Create(std::span<const uint8_t> bytes, std::string_view file_name,
                                                     const Transforms& transforms, size_t threads,
                                                     const ResNetChoice& choice) {
  Result<CheckpointNetwork> checkpoint = ReadCheckpointNetwork(bytes, file_name, choice);
  if (!checkpoint) return std::move(checkpoint).error();
  std::unique_ptr<Converter> converter(new Converter(std::move(checkpoint).value(), transforms));
  NetworkOptions options;
  options.classes = converter->classes();
  options.precision = Precision::kFloat32;
  options.threads = threads;
  Result<std::unique_ptr<InferenceSession>> session = InferenceSession::Create(std::move(options));
  if (!session) return std::move(session).error();
  converter->session_ = std::move(session).value();
  Status status = SetFoldedLayers(converter->session_->network(), converter->checkpoint_.folded);
  if (!status) return std::move(status).error();
  return converter;
}

Status Converter::Calibrate(const Image& image) {
  Result<Image> crop = ResizeAndCrop(image, transforms_);
  if (!crop) return std::move(crop).error();
  crops_.push_back(std::move(crop).value());
  return {};
}

Status Converter::CalibrateGenerated(uint32_t index) {
  const int side = transforms_.crop_size;
  const std::vector<uint8_t> pixels = GenerateCalibrationImage(index, side);
  Result<Image> image = FromPixels(pixels, side, side, kRgb, {});
  if (!image) return std::move(image).error();
  crops_.push_back(std::move(image).value());
  has_generated_images_ = true;
  return {};
}

Status Converter::BeginQuantization(const QuantizationOptions& options) {
  if (crops_.empty()) {
    return Error{ErrorCode::kNotReady, "calibration", "int8 shards need at least one calibration image"};
  }
  quantization_.reset();  // before the next begins: it puts the network's weights back
  quantization_ = std::make_unique<QuantizationRun>(
      QuantizationSubject{checkpoint_, session_->network(), crops_, transforms_, has_generated_images_}, options);
  return {};
}

Result<double> Converter::ContinueQuantization() {
  if (!quantization_) return Error{ErrorCode::kNotReady, "quantization", "BeginQuantization must come first"};
  return quantization_->Continue();
}

Result<std::span<const float>> Converter::RunFloat(const Image& image) {
  return session_->Logits(ImageInput{image, transforms_});
}

Result<size_t> Converter::Plan(Precision precision, size_t max_bytes) {
  if (precision == Precision::kInt8 && quantizer() == nullptr) {
    return Error{ErrorCode::kNotReady, "quantization", "int8 shards are written when quantization is done"};
  }
  precision_ = precision;
  plan_ = PlanShards(checkpoint_.layers, precision, max_bytes);
  return plan_.size();
}

LayerPiece Converter::FloatPiece(const ShardPiece& piece) const {
  const Layer& layer = checkpoint_.layers[piece.layer];
  const FoldedLayer& folded = checkpoint_.folded[piece.layer];
  LayerPiece written = PieceOf(layer, piece);
  written.real = RowsOf(folded.weight, piece, written.shape.row());
  written.bias = RowsOf(folded.bias, piece);
  written.batch_norm = layer.batch_norm;
  for (size_t i = 0; i < kBatchNormParts.size() && !layer.batch_norm.empty(); ++i) {
    written.batch_norm_values[i] = RowsOf(checkpoint_.unfolded[piece.layer][i], piece);
  }
  return written;
}

LayerPiece Converter::Int8Piece(const ShardPiece& piece) const {
  const QuantizedLayer& quantized = quantizer()->layer(piece.layer);
  LayerPiece written = PieceOf(checkpoint_.layers[piece.layer], piece);
  written.codes = RowsOf(quantized.weight, piece, written.shape.row());
  written.scale = RowsOf(quantized.scale, piece);
  written.bias = RowsOf(quantized.bias, piece);
  const std::vector<float>& factors = quantizer()->factors(piece.layer);
  if (!factors.empty() && LeadsChannelGroup(checkpoint_.layers, piece.layer)) {
    written.equalization = RowsOf(factors, piece);
  }
  return written;
}

Result<std::vector<uint8_t>> Converter::WriteShard(size_t index) const {
  if (index >= plan_.size()) {
    return Error{ErrorCode::kInvalidArgument, "shard", "there are only " + std::to_string(plan_.size()) + " shards"};
  }
  const bool int8 = precision_ == Precision::kInt8;
  if (int8 && quantizer() == nullptr) {
    return Error{ErrorCode::kNotReady, "quantization", "another one has begun since the shards were planned"};
  }
  std::vector<LayerPiece> pieces;
  for (const ShardPiece& piece : plan_[index]) pieces.push_back(int8 ? Int8Piece(piece) : FloatPiece(piece));
  // Where vectors repeat, a kernel's values side by side are what repeats.
  const bool by_kernel = int8 && quantizer()->repeats_vectors();
  return resnet50::WriteShard(pieces, by_kernel ? WeightOrder::kOihw : WeightOrder::kOhwi);
}

}  // namespace resnet50
