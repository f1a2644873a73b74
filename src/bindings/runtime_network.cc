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

val NetworkHandle::InitialiseRandomly(uint32_t seed) { return ToJs(InitializeRandomly(*network_, seed)); }

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
  crop_logits_.clear();
  for (int i = 0; i < crops; ++i) {
    Result<Image> crop = ResizeAndCrop(At<Image>(image), parsed.value(), {crops, i});
    if (!crop) return Failure(crop.error());
    Status status = FillInput(crop.value(), parsed.value());
    if (status) status = network_->Run({}, taps_);
    if (!status) return Failure(status.error());
    const std::span<const float> logits = network_->logits();
    crop_logits_.insert(crop_logits_.end(), logits.begin(), logits.end());
  }
  return Success(reinterpret_cast<uintptr_t>(crop_logits_.data()));
}

val NetworkHandle::RunTensor(uintptr_t pointer, int n, int height, int width) {
  if (Status status = network_->Prepare(n, height, width); !status) return Failure(status.error());
  const std::span<const float> tensor(reinterpret_cast<const float*>(pointer),
                                      size_t(n) * size_t(height) * size_t(width) * kInputChannels);
  network_->SetInput(tensor);
  if (Status status = network_->Run({}, taps_); !status) return Failure(status.error());
  return Success(reinterpret_cast<uintptr_t>(network_->logits().data()));
}

val NetworkHandle::Keep(const std::string& stage) {
  if (stage.empty()) taps_.clear();
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

val NetworkHandle::Kept(size_t index) const { return Block(taps_[index].nchw, taps_[index].row); }

val NetworkHandle::ActivationMap(int index) {
  Result<std::vector<float>> map = ClassActivationMap(*network_, index);
  if (!map) return Failure(map.error());
  activation_map_ = std::move(map).value();
  return Block(activation_map_, FindStage(network_->layers(), "layer4").value());
}

}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(network) {
  using emscripten::function;
  using resnet50::js::Method;
  using resnet50::js::NetworkHandle;
  function("createNetwork", &NetworkHandle::Create);
  function("network_missingLayers", &Method<&NetworkHandle::MissingLayers>::Call);
  function("network_loadShard", &Method<&NetworkHandle::LoadShard>::Call);
  function("network_initialiseRandomly", &Method<&NetworkHandle::InitialiseRandomly>::Call);
  function("network_run", &Method<&NetworkHandle::Run>::Call);
  function("network_runTensor", &Method<&NetworkHandle::RunTensor>::Call);
  function("network_keep", &Method<&NetworkHandle::Keep>::Call);
  function("network_kept", &Method<&NetworkHandle::Kept>::Call);
  function("network_activationMap", &Method<&NetworkHandle::ActivationMap>::Call);
  function("network_delete", &resnet50::js::Delete<NetworkHandle>);
}
