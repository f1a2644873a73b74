#include "quantize/converter.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "image/decode.h"
#include "image/normalize.h"
#include "network/shard_loader.h"
#include "quantize/generated_images.h"
#include "quantize/weight_rounding.h"
#include "weights/safetensors_writer.h"

namespace resnet50 {
namespace {

// What a safetensors header takes at most: its frame, and the entries of one piece's weight, bias, scale or batch norm.
constexpr size_t kShardHeaderBytes = 64;
constexpr size_t kPieceHeaderBytes = 1024;

// f32 shards carry the batch norm that is folded into a convolution, so that its weights can be given back unfolded.
constexpr const char* kBatchNormParts[] = {".weight", ".bias", ".running_mean", ".running_var"};

// Bytes of one output channel of a layer with its scale and bias, or its batch norm.
size_t ChannelBytes(const Layer& layer, Precision precision) {
  const size_t row = layer.weight_count() / size_t(layer.out_channels);
  if (precision == Precision::kInt8) return row + 2 * sizeof(float);
  return (row + 1 + (layer.batch_norm.empty() ? 0 : std::size(kBatchNormParts))) * sizeof(float);
}

std::vector<int64_t> WeightShape(const Layer& layer, size_t channels) {
  if (layer.kind == LayerKind::kLinear) return {int64_t(channels), layer.in_channels};
  return {int64_t(channels), layer.kernel, layer.kernel, layer.in_channels};
}

template <typename T>
std::span<const uint8_t> Bytes(const std::vector<T>& values, size_t first, size_t count) {
  return {reinterpret_cast<const uint8_t*>(values.data() + first), count * sizeof(T)};
}

Result<int> InferClasses(const StateDict& state, std::string_view file_name) {
  const Tensor* head = state.Find("fc.weight");
  if (head == nullptr || head->shape.size() != 2 || head->shape[0] < 1 || head->shape[0] > kMaxClasses) {
    return Error{ErrorCode::kCheckpointMismatch, std::string(file_name),
                 "holds no fc.weight of shape [classes, 2048]: this is not a ResNet-50 state dict"};
  }
  return int(head->shape[0]);
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

Result<std::unique_ptr<Converter>> Converter::Create(std::vector<uint8_t> bytes, std::string_view file_name,
                                                     const Transforms& transforms, size_t threads) {
  std::unique_ptr<Converter> converter(new Converter);
  converter->bytes_ = std::move(bytes);
  Result<StateDict> state = ReadCheckpoint(converter->bytes_, file_name);
  if (!state) return std::move(state).error();
  converter->state_ = std::move(state).value();
  Result<int> classes = InferClasses(converter->state_, file_name);
  if (!classes) return std::move(classes).error();
  converter->classes_ = classes.value();

  std::vector<ExpectedTensor> expected;
  for (const ParameterSpec& spec : ResNet50Parameters(converter->classes_)) expected.push_back({spec.name, spec.shape});
  if (Status status = CheckAgainst(converter->state_, expected, file_name); !status) return std::move(status).error();

  converter->transforms_ = transforms;
  NetworkOptions options;
  options.classes = converter->classes_;
  options.precision = Precision::kFloat32;
  options.threads = threads;
  Result<std::unique_ptr<Network>> network = Network::Create(std::move(options));
  if (!network) return std::move(network).error();
  converter->network_ = std::move(network).value();
  if (Status status = converter->FillNetwork(); !status) return std::move(status).error();
  converter->calibrator_ =
      std::make_unique<Calibrator>(*converter->network_, NormalizedRange(transforms.mean, transforms.std));
  return converter;
}

Result<FoldedLayer> Converter::Fold(const Layer& layer) const {
  return FoldLayer(layer, [this](const std::string& name) -> Result<std::vector<float>> {
    const Tensor* tensor = state_.Find(name);
    if (tensor == nullptr) return Error{ErrorCode::kCheckpointMismatch, name, "is missing from the checkpoint"};
    return ToFloat(*tensor);
  });
}

Status Converter::FillNetwork() {
  for (const Layer& layer : network_->layers()) {
    if (!layer.has_weights()) continue;
    Result<FoldedLayer> folded = Fold(layer);
    if (!folded) return std::move(folded).error();
    LayerWeights weights;
    weights.real = folded->weight;
    weights.bias = folded->bias;
    if (Status status = network_->SetWeights(layer.name, weights); !status) return status;
  }
  return {};
}

size_t Converter::parameters() const {
  size_t count = 0;
  for (const ParameterSpec& spec : ResNet50Parameters(classes_)) {
    if (!spec.trainable) continue;
    size_t elements = 1;
    for (int64_t side : spec.shape) elements *= size_t(side);
    count += elements;
  }
  return count;
}

Status Converter::Calibrate(const Image& image) {
  Result<Image> crop = ResizeAndCrop(image, transforms_);
  if (!crop) return std::move(crop).error();
  if (Status status = network_->Prepare(1, crop->height, crop->width); !status) return status;
  NormalizeToFloat(crop.value(), transforms_, network_->input_reals());
  return calibrator_->Observe();
}

Status Converter::CalibrateGenerated(uint32_t index) {
  const int side = transforms_.crop_size;
  const std::vector<uint8_t> pixels = GenerateCalibrationImage(index, side);
  Result<Image> image = FromPixels(pixels, side, side, kRgb, {});
  if (!image) return std::move(image).error();
  if (Status status = network_->Prepare(1, side, side); !status) return status;
  NormalizeToFloat(image.value(), transforms_, network_->input_reals());
  return calibrator_->Observe();
}

float Converter::FinestInputScale(const Layer& layer) const {
  // fc reads the pooled features in eight bits, and its bias stays real-valued.
  if (layer.input == kNetworkInput) return QuantizeInput(ranges().find(kInputName)->second).scale;
  const Layer* source = &network_->layers()[size_t(layer.input)];
  while (source->kind == LayerKind::kMaxPool) source = &network_->layers()[size_t(source->input)];
  return QuantizeFull(ranges().find(source->name)->second).scale;
}

Result<size_t> Converter::Plan(Precision precision, size_t max_bytes) {
  if (precision == Precision::kInt8 && calibrator_->images() == 0) {
    return Error{ErrorCode::kNotReady, "calibration", "int8 shards need at least one calibration image"};
  }
  precision_ = precision;
  plan_ = PlanShards(network_->layers(), precision, max_bytes);
  return plan_.size();
}

Result<std::vector<uint8_t>> Converter::WriteShard(size_t index) const {
  if (index >= plan_.size()) {
    return Error{ErrorCode::kInvalidArgument, "shard", "there are only " + std::to_string(plan_.size()) + " shards"};
  }
  // The tensors' bytes must stay where they are until the shard is written.
  std::vector<std::unique_ptr<FoldedLayer>> real;
  std::vector<std::unique_ptr<QuantizedLayer>> quantized;
  std::vector<std::unique_ptr<std::vector<float>>> batch_norms;
  std::vector<TensorToWrite> tensors;
  for (const ShardPiece& piece : plan_[index]) {
    const Layer& layer = network_->layers()[piece.layer];
    Result<FoldedLayer> folded = Fold(layer);
    if (!folded) return std::move(folded).error();
    const size_t row = layer.weight_count() / size_t(layer.out_channels);
    const bool whole = piece.channels == size_t(layer.out_channels);
    const auto add = [&](const char* part, TensorType type, std::vector<int64_t> shape, std::span<const uint8_t> data) {
      tensors.push_back({PieceName(layer.name + part, piece.first, whole), type, std::move(shape), data});
    };
    const std::vector<int64_t> vector_shape{int64_t(piece.channels)};
    if (precision_ == Precision::kFloat32) {
      real.push_back(std::make_unique<FoldedLayer>(std::move(folded).value()));
      const FoldedLayer& f = *real.back();
      add(".weight", TensorType::kF32, WeightShape(layer, piece.channels),
          Bytes(f.weight, piece.first * row, piece.channels * row));
      add(".bias", TensorType::kF32, vector_shape, Bytes(f.bias, piece.first, piece.channels));
      for (const char* part : kBatchNormParts) {
        if (layer.batch_norm.empty()) continue;
        Result<std::vector<float>> norm = ToFloat(*state_.Find(layer.batch_norm + part));
        if (!norm) return std::move(norm).error();
        batch_norms.push_back(std::make_unique<std::vector<float>>(std::move(norm).value()));
        tensors.push_back({PieceName(layer.batch_norm + part, piece.first, whole), TensorType::kF32, vector_shape,
                           Bytes(*batch_norms.back(), piece.first, piece.channels)});
      }
    } else {
      quantized.push_back(
          std::make_unique<QuantizedLayer>(RoundWeights(layer, folded.value(), FinestInputScale(layer))));
      const QuantizedLayer& q = *quantized.back();
      add(".scale", TensorType::kF32, vector_shape, Bytes(q.scale, piece.first, piece.channels));
      add(".bias", TensorType::kF32, vector_shape, Bytes(q.bias, piece.first, piece.channels));
      add(".weight", TensorType::kI8, WeightShape(layer, piece.channels),
          Bytes(q.weight, piece.first * row, piece.channels * row));
    }
  }
  return WriteSafetensors(tensors, {});
}

}  // namespace resnet50
