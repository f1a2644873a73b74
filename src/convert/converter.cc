#include "convert/converter.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "convert/generated_images.h"
#include "image/decode.h"
#include "image/normalize.h"
#include "network/shard_loader.h"
#include "quantize/calibration.h"
#include "quantize/channel_groups.h"
#include "weights/safetensors_writer.h"

namespace resnet50 {
namespace {

// What a safetensors header takes at most: its frame, and the entries of one piece's weight, bias, scale or batch norm.
constexpr size_t kShardHeaderBytes = 64;
constexpr size_t kPieceHeaderBytes = 1024;

// f32 shards carry the batch norm that is folded into a convolution, so that its weights can be given back unfolded.
constexpr const char* kBatchNormParts[] = {".weight", ".bias", ".running_mean", ".running_var"};

constexpr size_t kObservedBatch = 4;
constexpr size_t kMatchedImages = 32;       // enough for means and deviations; all their tensors are held at once
constexpr double kObservationShare = 0.25;  // of the time that quantization takes, about

// Bytes of one output channel of a layer with its scale and bias, or its batch norm.
size_t ChannelBytes(const Layer& layer, Precision precision) {
  const size_t row = layer.weight_count() / size_t(layer.out_channels);
  if (precision == Precision::kInt8) return row + 3 * sizeof(float);  // scale, bias, equalization
  return (row + 1 + (layer.batch_norm.empty() ? 0 : std::size(kBatchNormParts))) * sizeof(float);
}

// `by_kernel`: OIHW instead of OHWI.
std::vector<int64_t> WeightShape(const Layer& layer, size_t channels, bool by_kernel) {
  if (layer.kind == LayerKind::kLinear) return {int64_t(channels), layer.in_channels};
  if (by_kernel) return {int64_t(channels), layer.in_channels, layer.kernel, layer.kernel};
  return {int64_t(channels), layer.kernel, layer.kernel, layer.in_channels};
}

// OHWI -> OIHW.
std::vector<int8_t> ByKernel(const Layer& layer, const std::vector<int8_t>& ohwi) {
  const size_t area = size_t(layer.kernel) * size_t(layer.kernel), in = size_t(layer.in_channels);
  std::vector<int8_t> oihw(ohwi.size());
  for (size_t o = 0; o < ohwi.size(); o += area * in) {
    for (size_t p = 0; p < area; ++p) {
      for (size_t i = 0; i < in; ++i) oihw[o + i * area + p] = ohwi[o + p * in + i];
    }
  }
  return oihw;
}

template <typename T>
std::span<const uint8_t> Bytes(const std::vector<T>& values, size_t first, size_t count) {
  return {reinterpret_cast<const uint8_t*>(values.data() + first), count * sizeof(T)};
}

// Whether the row is the first of those that share its output channels' factors: it speaks for all.
bool LeadsChannelGroup(const std::vector<Layer>& layers, size_t row) {
  const std::vector<ChannelGroup> groups = ChannelGroups(layers);
  return std::any_of(groups.begin(), groups.end(), [&](const ChannelGroup& group) {
    return !group.producers.empty() && group.producers.front() == row;
  });
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
                                                     const Transforms& transforms, size_t threads,
                                                     const ResNetChoice& choice) {
  std::unique_ptr<Converter> converter(new Converter);
  converter->bytes_ = std::move(bytes);
  std::vector<ExpectedTensor> expected;
  for (const ParameterSpec& spec : ResNet50Parameters(1)) expected.push_back({spec.name, spec.shape});
  Result<RecognizedResNet> recognized = ReadResNet(converter->bytes_, file_name, expected, choice);
  if (!recognized) return std::move(recognized).error();
  converter->state_ = std::move(recognized->state);
  converter->recognized_ = std::move(recognized).value();
  converter->classes_ = int(converter->state_.Find("fc.weight")->shape[0]);  // checked: 1 to kMaxClasses

  converter->transforms_ = transforms;
  NetworkOptions options;
  options.classes = converter->classes_;
  options.precision = Precision::kFloat32;
  options.threads = threads;
  Result<std::unique_ptr<Network>> network = Network::Create(std::move(options));
  if (!network) return std::move(network).error();
  converter->network_ = std::move(network).value();
  if (Status status = converter->RestoreNetwork(); !status) return std::move(status).error();
  return converter;
}

Result<FoldedLayer> Converter::Fold(const Layer& layer) const {
  return FoldLayer(layer, [this](const std::string& name) -> Result<std::vector<float>> {
    const Tensor* tensor = state_.Find(name);
    if (tensor == nullptr) return Error{ErrorCode::kCheckpointMismatch, name, "is missing from the checkpoint"};
    return ToFloat(*tensor);
  });
}

Result<std::vector<FoldedLayer>> Converter::FoldAll() const {
  std::vector<FoldedLayer> weights(network_->layers().size());
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!network_->layers()[i].has_weights()) continue;
    Result<FoldedLayer> folded = Fold(network_->layers()[i]);
    if (!folded) return std::move(folded).error();
    weights[i] = std::move(folded).value();
  }
  return weights;
}

Status Converter::SetLayer(const Layer& layer, const FoldedLayer& folded) {
  LayerWeights weights;
  weights.real = folded.weight;
  weights.bias = folded.bias;
  return network_->SetWeights(layer.name, weights);
}

Status Converter::RestoreNetwork() {
  for (const Layer& layer : network_->layers()) {
    if (!layer.has_weights()) continue;
    Result<FoldedLayer> folded = Fold(layer);
    if (!folded) return std::move(folded).error();
    if (Status status = SetLayer(layer, folded.value()); !status) return status;
  }
  return {};
}

// Folds the checkpoint; the f32 network becomes the one that is quantized.
Status Converter::PrepareWeights() {
  Result<std::vector<FoldedLayer>> folded = FoldAll();
  if (!folded) return std::move(folded).error();
  folded_ = std::move(folded).value();
  if (!generated_ || !quantization_.match_batch_norm) return {};
  std::vector<std::vector<float>> images(std::min(crops_.size(), kMatchedImages));
  const int side = transforms_.crop_size;
  for (size_t k = 0; k < images.size(); ++k) {
    images[k].resize(size_t(side) * size_t(side) * kInputChannels);
    NormalizeToFloat(crops_[k], transforms_, images[k]);
  }
  Result<std::vector<ChannelMap>> maps = MatchBatchNorm(network_->layers(), folded_, images, side, network_->pool());
  if (!maps) return std::move(maps).error();
  maps_ = std::move(maps).value();
  for (size_t i = 0; i < folded_.size(); ++i) {
    if (!network_->layers()[i].has_weights()) continue;
    if (Status status = SetLayer(network_->layers()[i], folded_[i]); !status) return status;
  }
  return {};
}

Status Converter::FinishQuantization() {
  quantized_ = true;
  if (maps_.empty()) return {};
  quantizer_->Unmatch(maps_);
  maps_.clear();
  return RestoreNetwork();
}

size_t Converter::parameters() const {
  size_t count = 0;
  for (const ParameterSpec& spec : ResNet50Parameters(classes_)) {
    if (!spec.trainable || (!recognized_.has_head && spec.name.starts_with("fc."))) continue;
    size_t elements = 1;
    for (int64_t side : spec.shape) elements *= size_t(side);
    count += elements;
  }
  return count;
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
  generated_ = true;
  return {};
}

Status Converter::BeginQuantization(const QuantizationOptions& options) {
  if (crops_.empty()) {
    return Error{ErrorCode::kNotReady, "calibration", "int8 shards need at least one calibration image"};
  }
  quantization_ = options;
  statistics_ = std::make_unique<ActivationStatistics>(network_->layers());
  quantizer_.reset();
  quantized_ = false;
  folded_.clear();
  if (maps_.empty()) return {};
  maps_.clear();  // the last quantization was given up half-way
  return RestoreNetwork();
}

// One batch through the f32 network.
Status Converter::ObserveBatch() {
  const size_t first = size_t(statistics_->images());
  const size_t count = std::min(kObservedBatch, crops_.size() - first);
  const int side = transforms_.crop_size;
  if (Status status = network_->Prepare(int(count), side, side); !status) return status;
  const std::span<float> input = network_->input_reals();
  for (size_t i = 0; i < count; ++i) {
    NormalizeToFloat(crops_[first + i], transforms_, input.subspan(i * input.size() / count, input.size() / count));
  }
  return statistics_->Observe(*network_, int(count), {size_t(side), size_t(side)});
}

Result<double> Converter::ContinueQuantization() {
  if (!statistics_) return Error{ErrorCode::kNotReady, "quantization", "BeginQuantization must come first"};
  if (quantized_) return 1.0;
  const size_t images = crops_.size();
  if (!quantizer_ && folded_.empty()) {
    if (Status status = PrepareWeights(); !status) return std::move(status).error();
    return 0.0;
  }
  if (size_t(statistics_->images()) < images) {
    if (Status status = ObserveBatch(); !status) return std::move(status).error();
    return kObservationShare * double(statistics_->images()) / double(images);
  }
  if (!quantizer_) {
    quantizer_ = std::make_unique<Quantizer>(network_->layers(), std::move(folded_), *statistics_,
                                             NormalizedRange(transforms_.mean, transforms_.std), quantization_,
                                             network_->pool());
    quantizer_->Prepare();
    const int side = transforms_.crop_size;
    std::vector<float> reals(size_t(side) * size_t(side) * kInputChannels);
    for (const Image& crop : crops_) {
      NormalizeToFloat(crop, transforms_, reals);
      quantizer_->AddImage(reals, side);
    }
  } else {
    Result<bool> more = quantizer_->Step();
    if (!more) return std::move(more).error();
    if (!more.value()) {
      if (Status status = FinishQuantization(); !status) return std::move(status).error();
      return 1.0;
    }
  }
  const double share = double(quantizer_->rows_done()) / double(quantizer_->rows());
  return kObservationShare + (1.0 - kObservationShare) * share;
}

Result<std::span<const float>> Converter::RunFloat(const Image& image) {
  Result<Image> crop = ResizeAndCrop(image, transforms_);
  if (!crop) return std::move(crop).error();
  if (Status status = network_->Prepare(1, crop->height, crop->width); !status) return std::move(status).error();
  NormalizeToFloat(crop.value(), transforms_, network_->input_reals());
  if (Status status = network_->Run(); !status) return std::move(status).error();
  return network_->logits();
}

Result<size_t> Converter::Plan(Precision precision, size_t max_bytes) {
  if (precision == Precision::kInt8 && !quantized_) {
    return Error{ErrorCode::kNotReady, "quantization", "int8 shards are written when quantization is done"};
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
  std::vector<std::unique_ptr<std::vector<float>>> batch_norms;
  std::vector<std::unique_ptr<std::vector<int8_t>>> reordered;
  std::vector<TensorToWrite> tensors;
  for (const ShardPiece& piece : plan_[index]) {
    const Layer& layer = network_->layers()[piece.layer];
    const size_t row = layer.weight_count() / size_t(layer.out_channels);
    const bool whole = piece.channels == size_t(layer.out_channels);
    const auto add = [&](const char* part, TensorType type, std::vector<int64_t> shape, std::span<const uint8_t> data) {
      tensors.push_back({PieceName(layer.name + part, piece.first, whole), type, std::move(shape), data});
    };
    const std::vector<int64_t> vector_shape{int64_t(piece.channels)};
    if (precision_ == Precision::kFloat32) {
      Result<FoldedLayer> folded = Fold(layer);
      if (!folded) return std::move(folded).error();
      real.push_back(std::make_unique<FoldedLayer>(std::move(folded).value()));
      const FoldedLayer& f = *real.back();
      add(".weight", TensorType::kF32, WeightShape(layer, piece.channels, false),
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
      const QuantizedLayer& q = quantizer_->layer(piece.layer);
      const std::vector<int8_t>* weight = &q.weight;
      // Where vectors repeat, a kernel's values side by side are what repeats.
      const bool by_kernel = quantizer_->repeats_vectors() && layer.kernel > 1;
      if (by_kernel) {
        reordered.push_back(std::make_unique<std::vector<int8_t>>(ByKernel(layer, q.weight)));
        weight = reordered.back().get();
      }
      add(".scale", TensorType::kF32, vector_shape, Bytes(q.scale, piece.first, piece.channels));
      add(".bias", TensorType::kF32, vector_shape, Bytes(q.bias, piece.first, piece.channels));
      add(".weight", TensorType::kI8, WeightShape(layer, piece.channels, by_kernel),
          Bytes(*weight, piece.first * row, piece.channels * row));
      if (const std::vector<float>& factors = quantizer_->factors(piece.layer);
          !factors.empty() && LeadsChannelGroup(network_->layers(), piece.layer)) {
        add(".equalization", TensorType::kF32, vector_shape, Bytes(factors, piece.first, piece.channels));
      }
    }
  }
  return WriteSafetensors(tensors, {});
}

}  // namespace resnet50
