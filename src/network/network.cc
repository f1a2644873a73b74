#include "network/network.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "kernels/kernel_choice.h"
#include "network/activation_plan.h"

namespace resnet50 {
namespace {

constexpr size_t kArenaAlignment = 64;

Result<Range> FindRange(const RangeMap& ranges, std::string_view name) {
  const auto it = ranges.find(name);
  if (it == ranges.end()) {
    return Error{ErrorCode::kWeightsMismatch, std::string(name),
                 "the manifest has no activation range for this tensor; convert the checkpoint anew"};
  }
  if (!std::isfinite(it->second.min) || !std::isfinite(it->second.max) || it->second.min > it->second.max) {
    return Error{ErrorCode::kWeightsMismatch, std::string(name), "its activation range is not a finite interval"};
  }
  return it->second;
}

Error WrongCount(const Layer& layer, const char* what, size_t have, size_t want) {
  return {ErrorCode::kWeightsMismatch, layer.name,
          std::string(what) + " has " + std::to_string(have) + " values where " + std::to_string(want) + " belong"};
}

bool AllFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

}  // namespace

void Network::FreeArena::operator()(void* p) const { std::free(p); }

Result<std::unique_ptr<Network>> Network::Create(NetworkOptions options) {
  if (options.classes < 1 || options.classes > kMaxClasses) {
    return Error{ErrorCode::kInvalidArgument, "classes",
                 "must lie in 1.." + std::to_string(kMaxClasses) + ", not " + std::to_string(options.classes)};
  }
  if (options.threads < 1 || options.threads > 64) {
    return Error{ErrorCode::kInvalidArgument, "threads", "must lie in 1..64, not " + std::to_string(options.threads)};
  }
  if (Status status = InitializeXnnpack(); !status) return std::move(status).error();
  Result<ThreadPool> pool = ThreadPool::Create(options.threads);
  if (!pool) return std::move(pool).error();

  std::unique_ptr<Network> network(new Network);
  network->options_ = std::move(options);
  network->layers_ = ResNet50Layers(network->options_.classes);
  network->pool_ = std::move(pool).value();
  network->operators_.resize(network->layers_.size());
  const NetworkOptions& own = network->options_;
  if (own.clock != nullptr && own.threads > 1) network->watch_.emplace(own.threads, network->layers_.size(), own.clock);
  if (network->options_.precision == Precision::kInt8) {
    network->eight_bits_ = BestEightBitForm();
    if (Status status = network->QuantizeTensors(); !status) return std::move(status).error();
  }
  if (Status status = network->CreateWeightless(); !status) return std::move(status).error();
  return network;
}

// Codes for every tensor: 7 (or 8) bits where a convolution reads it, 8 bits elsewhere; max pooling inherits.
Status Network::QuantizeTensors() {
  Result<Range> input = FindRange(options_.ranges, kInputName);
  if (!input) return std::move(input).error();
  input_quantization_ = QuantizeInput(input.value());

  output_quantization_.resize(layers_.size());
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    if (layer.kind == LayerKind::kLinear || FusedAddition(i) != kNoLayer) continue;
    TensorQuantization& quantization = output_quantization_[i];
    if (layer.kind == LayerKind::kMaxPool) {
      quantization = OutputQuantization(layer.input);
    } else {
      Result<Range> range = FindRange(options_.ranges, layer.name);
      if (!range) return std::move(range).error();
      quantization = FeedsConvolution(layers_, int(i)) ? QuantizeNonNegative(range.value(), options_.activation_bits)
                                                       : QuantizeFull(range.value());
    }
    quantization.flipped = IsReadUnsigned(i);
  }

  return {};
}

int Network::FusedAddition(size_t row) const {
  if (options_.precision != Precision::kInt8) return kNoLayer;
  for (size_t i = row + 1; i < layers_.size(); ++i) {
    if (layers_[i].kind == LayerKind::kAdd && layers_[i].input == int(row)) return int(i);
  }
  return kNoLayer;
}

bool Network::IsReadUnsigned(size_t row) const {
  if (options_.activation_bits == ActivationBits::kSeven || !eight_bits_.unsigned_input) return false;
  return std::any_of(layers_.begin(), layers_.end(), [&](const Layer& layer) {
    return layer.kind == LayerKind::kConvolution && layer.input == int(row);
  });
}

resnet50_int8_form Network::Form(size_t row) const {
  const bool seven = options_.activation_bits == ActivationBits::kSeven && layers_[row].input != kNetworkInput;
  return seven ? BestInt8Form() : eight_bits_.form;
}

TensorQuantization Network::OutputQuantization(int row) const {
  if (row != kNetworkInput) return output_quantization_[size_t(row)];
  return {input_quantization_.scale, int8_t(input_quantization_.zero_point - 128), -128, 127,
          eight_bits_.unsigned_input};
}

size_t Network::InputBytes(int n, int height, int width) const {
  if (options_.precision == Precision::kInt8) return resnet50::InputBytes(size_t(n), size_t(height), size_t(width));
  return size_t(n) * size_t(height) * size_t(width) * kInputChannels * sizeof(float);
}

OperatorQuantization Network::QuantizationAround(size_t row) const {
  const int addition = FusedAddition(row);
  const bool fused = addition != kNoLayer;
  const Layer& last = layers_[fused ? size_t(addition) : row];
  return {OutputQuantization(layers_[row].input),
          last.shortcut == kNoLayer ? TensorQuantization{} : OutputQuantization(last.shortcut),
          output_quantization_[fused ? size_t(addition) : row], fused, Form(row)};
}

Status Network::CreateWeightless() {
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].has_weights() || IsFused(layers_[i])) continue;
    OperatorQuantization quantization{};
    const bool int8 = options_.precision == Precision::kInt8;
    if (int8) quantization = QuantizationAround(i);
    Result<Operator> op = Operator::Create(layers_[i], {}, int8 ? &quantization : nullptr);
    if (!op) return std::move(op).error();
    operators_[i] = std::move(op).value();
  }
  return {};
}

Status Network::SetWeights(std::string_view name, const LayerWeights& weights) {
  const auto it = std::find_if(layers_.begin(), layers_.end(),
                               [&](const Layer& layer) { return layer.has_weights() && layer.name == name; });
  if (it == layers_.end()) {
    return Error{ErrorCode::kWeightsMismatch, std::string(name), "ResNet-50 has no layer of this name"};
  }
  const Layer& layer = *it;
  const size_t row = size_t(it - layers_.begin());
  const bool int8 = options_.precision == Precision::kInt8;
  const size_t channels = size_t(layer.out_channels);
  const size_t values = int8 ? weights.quantized.size() : weights.real.size();
  if (values != layer.weight_count()) return WrongCount(layer, "weight", values, layer.weight_count());
  if (weights.bias.size() != channels) return WrongCount(layer, "bias", weights.bias.size(), channels);
  if (int8 && weights.scales.size() != channels) return WrongCount(layer, "scale", weights.scales.size(), channels);
  if (!AllFinite(weights.bias) || !AllFinite(weights.real)) {
    return Error{ErrorCode::kWeightsMismatch, layer.name, "holds a value that is infinite or no number"};
  }
  for (float scale : weights.scales) {
    if (!(std::isnormal(scale) && scale > 0.0F)) {
      return Error{ErrorCode::kWeightsMismatch, layer.name, "holds a weight scale that is not a positive number"};
    }
  }
  OperatorQuantization quantization{};
  if (int8) quantization = QuantizationAround(row);
  Result<Operator> op = Operator::Create(layer, weights, int8 ? &quantization : nullptr);
  if (!op) return std::move(op).error();
  operators_[row] = std::move(op).value();
  if (layer.kind == LayerKind::kLinear) head_bias_.assign(weights.bias.begin(), weights.bias.end());
  n_ = 0;  // the new operator has not been fitted to a shape
  return {};
}

void Network::ForgetWeights() {
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].has_weights()) operators_[i].reset();
  }
  n_ = 0;
  arena_.reset();
  arena_bytes_ = 0;
}

std::vector<std::string> Network::MissingLayers() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (!operators_[i] && layers_[i].has_weights()) names.push_back(layers_[i].name);
  }
  return names;
}

Status Network::Prepare(int n, int height, int width) {
  if (const std::vector<std::string> missing = MissingLayers(); !missing.empty()) {
    return Error{ErrorCode::kNotReady, missing.front(),
                 "the weights of " + std::to_string(missing.size()) + " layers have not been loaded"};
  }
  if (n < 1 || n > kMaxBatch) {
    return Error{ErrorCode::kInvalidArgument, "batch",
                 "must lie in 1.." + std::to_string(kMaxBatch) + ", not " + std::to_string(n)};
  }
  if (std::min(height, width) < kMinInputSide || std::max(height, width) > kMaxInputSide) {
    return Error{ErrorCode::kInvalidArgument, "input",
                 "sides must lie in " + std::to_string(kMinInputSide) + ".." + std::to_string(kMaxInputSide) +
                     " pixels, not " + std::to_string(height) + " x " + std::to_string(width)};
  }
  if (n == n_ && height == height_ && width == width_) return {};
  n_ = 0;  // until everything fits, nothing does
  if (Status status = Reshape(n, height, width); !status) return status;
  if (Status status = Setup(); !status) return status;
  n_ = n, height_ = height, width_ = width;
  return {};
}

// Output extents, the activation plan, the arena, and every operator's scratch.
Status Network::Reshape(int n, int height, int width) {
  const Extent input{size_t(height), size_t(width)};
  extents_.resize(layers_.size());
  std::vector<TensorLifetime> lifetimes;
  lifetimes.push_back({InputBytes(n, height, width), 0, 0});
  size_t scratch = 0;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const int step = int(i) + 1;  // step 0 writes the input
    const Extent in = layer.input == kNetworkInput ? input : extents_[size_t(layer.input)];
    extents_[i] = {size_t(OutputSize(layer, int(in.height))), size_t(OutputSize(layer, int(in.width)))};
    lifetimes[size_t(layer.input + 1)].last = step;
    if (layer.shortcut != kNoLayer) lifetimes[size_t(layer.shortcut + 1)].last = step;
    const bool is_logits = layer.kind == LayerKind::kLinear;
    const bool has_tensor = !is_logits && FusedAddition(i) == kNoLayer;
    const size_t elements = size_t(n) * extents_[i].height * extents_[i].width * size_t(layer.out_channels);
    // A fused addition's tensor is written one step before its row: by the convolution in front of it.
    lifetimes.push_back({has_tensor ? elements * ElementBytes() : 0, IsFused(layer) ? step - 1 : step, step});
    if (!operators_[i]) continue;
    Result<size_t> bytes = operators_[i]->Reshape(size_t(n), in, pool_);
    if (!bytes) return std::move(bytes).error();
    scratch = std::max(scratch, bytes.value());
  }
  // Scratch is one more tensor, alive throughout.
  lifetimes.push_back({scratch, 0, int(layers_.size())});

  ActivationPlan plan = PlanActivations(lifetimes, kTensorTailBytes);
  scratch_offset_ = plan.offsets.back();
  plan.offsets.pop_back();
  tensor_offsets_ = std::move(plan.offsets);
  if (plan.arena_bytes != arena_bytes_) {
    arena_.reset();
    arena_bytes_ = 0;
    arena_.reset(std::aligned_alloc(kArenaAlignment, plan.arena_bytes));
    if (!arena_) {
      return Error{
          ErrorCode::kOutOfMemory, "activations",
          std::to_string(plan.arena_bytes >> 20) + " MiB could not be allocated; use a smaller batch or image"};
    }
    arena_bytes_ = plan.arena_bytes;
  }
  logits_.assign(size_t(n) * size_t(options_.classes), 0.0F);
  return {};
}

Status Network::Setup() {
  char* base = static_cast<char*>(arena_.get());
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (!operators_[i]) continue;
    const Layer& layer = layers_[i];
    const int addition = FusedAddition(i);
    const int row = addition == kNoLayer ? int(i) : addition;  // whose tensor the operator writes
    const int from = layers_[size_t(row)].shortcut;
    const void* shortcut = from == kNoLayer ? nullptr : TensorOf(from);
    void* output = layer.kind == LayerKind::kLinear ? logits_.data() : TensorOf(row);
    if (Status status = operators_[i]->Setup(TensorOf(layer.input), shortcut, output, base + scratch_offset_);
        !status) {
      return status;
    }
  }
  return {};
}

void Network::UseThreads(size_t threads) {
  if (threads == pool_.size()) return;
  pool_.Use(threads);
  for (std::optional<Operator>& op : operators_) {
    if (op) op->CutFor(threads);
  }
}

Status Network::RunRow(size_t row, std::span<Tap> taps) {
  if (n_ == 0) return Error{ErrorCode::kNotReady, "network", "Prepare must come before Run"};
  if (watch_) {
    if (row == 0) UseThreads(watch_->Begin({n_, height_, width_}));
    watch_->BeginRow();
  }
  if (HasOperator(row)) {
    if (Status status = operators_[row]->Run(pool_); !status) return status;
  }
  if (watch_) UseThreads(watch_->EndRow());
  for (Tap& tap : taps) {
    if (tap.row == row) Copy(tap);
  }
  return {};
}

Status Network::Run(const LayerObserver& observer, std::span<Tap> taps) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (Status status = RunRow(i, taps); !status) return status;
    if (!observer || options_.precision != Precision::kFloat32 || !HasOperator(i)) continue;
    const Layer& layer = layers_[i];
    const float* output =
        layer.kind == LayerKind::kLinear ? logits_.data() : static_cast<const float*>(TensorOf(int(i)));
    observer(layer, {output, size_t(n_) * extents_[i].height * extents_[i].width * size_t(layer.out_channels)});
  }
  return {};
}

}  // namespace resnet50
