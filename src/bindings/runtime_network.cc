#include "bindings/runtime_network.h"

#include <emscripten/bind.h>

#include <vector>

#include "bindings/js_options.h"
#include "bindings/js_result.h"
#include "head/class_activation_map.h"
#include "image/normalize.h"
#include "network/random_weights.h"

namespace resnet50::js {

using emscripten::val;

namespace {

// Channels of the last stage, which its mean and the classifier read.
constexpr size_t kFeatures = 2048;

}  // namespace

NetworkHandle::NetworkHandle(std::unique_ptr<Network> network) : network_(std::move(network)), loader_(*network_) {}

val NetworkHandle::Create(const val& options) {
  Result<NetworkOptions> parsed = ToNetworkOptions(options);
  if (!parsed) return Failure(parsed.error());
  Result<std::unique_ptr<Network>> network = Network::Create(std::move(parsed).value());
  if (!network) return Failure(network.error());
  return Success(Hold(std::unique_ptr<NetworkHandle>(new NetworkHandle(std::move(network).value()))));
}

val NetworkHandle::MissingLayers() const { return val::array(network_->MissingLayers()); }

val NetworkHandle::LoadShard(uintptr_t pointer, size_t bytes, const std::string& name) {
  return ToJs(loader_.Load({reinterpret_cast<const uint8_t*>(pointer), bytes}, name));
}

val NetworkHandle::InitializeRandomly(uint32_t seed) { return ToJs(resnet50::InitializeRandomly(*network_, seed)); }

Status NetworkHandle::FillInput(const Image& crop, const Transforms& transforms) {
  if (Status status = network_->Prepare(1, crop.height, crop.width); !status) return status;
  if (network_->precision() == Precision::kFloat32) {
    NormalizeToFloat(crop, transforms, network_->input_reals());
    return {};
  }
  std::vector<uint8_t> codes(crop.pixels.size());
  const InputQuantization& q = network_->input_quantization();
  NormalizeToCodes(crop, transforms, {q.scale, q.zero_point, 0, kMaxInputCode}, codes);
  network_->SetInputCodes(0, codes);
  return {};
}

val NetworkHandle::Run(const val& image, const val& transforms, int crops) {
  Result<Transforms> parsed = ToTransforms(transforms);
  if (!parsed) return Failure(parsed.error());
  logits_.clear();
  for (int i = 0; i < crops; ++i) {
    Result<Image> crop = ResizeAndCrop(At<Image>(image), parsed.value(), {crops, i});
    if (!crop) return Failure(crop.error());
    Status status = FillInput(crop.value(), parsed.value());
    if (status) status = RunPrepared();
    if (!status) return Failure(status.error());
  }
  return Success(reinterpret_cast<uintptr_t>(logits_.data()));
}

int NetworkHandle::classes() const {
  return head_ ? std::visit([](const auto& head) { return head.classes(); }, *head_) : network_->classes();
}

Status NetworkHandle::RunPrepared() {
  if (Status status = network_->Run({}, taps_); !status) return status;
  if (!head_) {
    const std::span<const float> logits = network_->logits();
    logits_.insert(logits_.end(), logits.begin(), logits.end());
    return {};
  }
  const size_t rows = Embeddings().size() / kFeatures, first = logits_.size(), count = size_t(classes());
  logits_.resize(first + rows * count);
  for (size_t i = 0; i < rows; ++i) {
    const std::span<const float> embedding = Embeddings().subspan(i * kFeatures, kFeatures);
    const std::span<float> logits = std::span(logits_).subspan(first + i * count, count);
    std::visit([&](const auto& head) { head.Score(embedding, logits); }, *head_);
  }
  return {};
}

val NetworkHandle::RunTensor(uintptr_t pointer, int n, int height, int width) {
  if (Status status = network_->Prepare(n, height, width); !status) return Failure(status.error());
  const std::span<const float> tensor(reinterpret_cast<const float*>(pointer),
                                      size_t(n) * size_t(height) * size_t(width) * kInputChannels);
  network_->SetInput(tensor);
  logits_.clear();
  if (Status status = RunPrepared(); !status) return Failure(status.error());
  return Success(reinterpret_cast<uintptr_t>(logits_.data()));
}

val NetworkHandle::Keep(const std::string& stage) {
  if (stage.empty()) taps_.erase(taps_.begin() + ptrdiff_t(HeadTaps()), taps_.end());
  if (stage.empty()) return ToJs(Status());
  Result<size_t> row = FindStage(network_->layers(), stage);
  if (!row) return Failure(row.error());
  taps_.push_back({row.value()});
  return ToJs(Status());
}

val NetworkHandle::Block(std::span<const float> values, size_t row) const {
  const Extent extent = network_->extent(row);
  val block = val::object();
  block.set("pointer", reinterpret_cast<uintptr_t>(values.data()));
  block.set("channels", network_->layers()[row].out_channels);
  block.set("height", extent.height);
  block.set("width", extent.width);
  return Success(block);
}

val NetworkHandle::Kept(size_t index) const {
  const Tap& tap = taps_[HeadTaps() + index];
  return Block(tap.nchw, tap.row);
}

val NetworkHandle::ActivationMap(int index) {
  Result<std::vector<float>> map = head_ ? CustomMap(index) : ClassActivationMap(*network_, index);
  if (!map) return Failure(map.error());
  activation_map_ = std::move(map).value();
  return Block(activation_map_, FindStage(network_->layers(), "layer4").value());
}

std::vector<float> NetworkHandle::CustomMap(int index) const {
  const std::vector<float> direction =
      std::visit([&](const auto& head) { return head.Direction(Embeddings().first(kFeatures), index); }, *head_);
  const std::span<const float> stage = taps_[1].nchw;
  std::vector<float> map(stage.size() / kFeatures);
  for (size_t k = 0; k < kFeatures; ++k) {
    for (size_t p = 0; p < map.size(); ++p) map[p] += direction[k] * stage[k * map.size() + p];
  }
  return map;
}

namespace {

// float32 at a pointer.
std::vector<float> Floats(const val& pointer, size_t count) {
  const auto* from = reinterpret_cast<const float*>(pointer.as<uintptr_t>());
  return {from, from + count};
}

Result<CustomHead> ToHead(const val& head) {
  const size_t rows = head["rows"].as<size_t>();
  std::vector<float> features = Floats(head["features"], rows * kFeatures);
  if (head["k"].isNull()) {
    Result<LinearHead> linear = LinearHead::Create(std::move(features), Floats(head["perRow"], rows), kFeatures);
    if (!linear) return std::move(linear).error();
    return CustomHead(std::move(linear).value());
  }
  const auto* labels = reinterpret_cast<const int32_t*>(head["perRow"].as<uintptr_t>());
  Result<NearestNeighbours> nearest = NearestNeighbours::Create(std::move(features), {labels, rows}, kFeatures,
                                                                head["classes"].as<int>(), head["k"].as<int>());
  if (!nearest) return std::move(nearest).error();
  return CustomHead(std::move(nearest).value());
}

}  // namespace

val NetworkHandle::SetHead(const val& head) {
  std::optional<CustomHead> next;
  if (!head.isNull()) {
    Result<CustomHead> made = ToHead(head);
    if (!made) return Failure(made.error());
    next = std::move(made).value();
  }
  head_ = std::move(next);
  taps_.clear();
  if (head_) {
    for (const char* stage : {"avgpool", "layer4"}) taps_.push_back({FindStage(network_->layers(), stage).value()});
  }
  return ToJs(Status());
}

}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(network) {
  using emscripten::function;
  using resnet50::js::Method;
  using resnet50::js::NetworkHandle;
  function("createNetwork", &NetworkHandle::Create);
  function("network_missingLayers", &Method<&NetworkHandle::MissingLayers>::Call);
  function("network_loadShard", &Method<&NetworkHandle::LoadShard>::Call);
  function("network_initializeRandomly", &Method<&NetworkHandle::InitializeRandomly>::Call);
  function("network_run", &Method<&NetworkHandle::Run>::Call);
  function("network_runTensor", &Method<&NetworkHandle::RunTensor>::Call);
  function("network_keep", &Method<&NetworkHandle::Keep>::Call);
  function("network_kept", &Method<&NetworkHandle::Kept>::Call);
  function("network_activationMap", &Method<&NetworkHandle::ActivationMap>::Call);
  function("network_setHead", &Method<&NetworkHandle::SetHead>::Call);
  function("network_delete", &resnet50::js::Delete<NetworkHandle>);
}
