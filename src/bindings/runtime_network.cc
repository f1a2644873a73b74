#include "bindings/runtime_network.h"

#include <emscripten/bind.h>

#include <vector>

#include "bindings/js_options.h"
#include "bindings/js_result.h"
#include "bindings/runtime_image.h"
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
  return Success(val(new NetworkHandle(std::move(network).value()), emscripten::return_value_policy::take_ownership()));
}

val NetworkHandle::MissingLayers() const { return val::array(network_->MissingLayers()); }

val NetworkHandle::LoadShard(uintptr_t pointer, size_t bytes, const std::string& name) {
  return ToJs(loader_.Load({reinterpret_cast<const uint8_t*>(pointer), bytes}, name));
}

val NetworkHandle::InitialiseRandomly(uint32_t seed) { return ToJs(InitializeRandomly(*network_, seed)); }

val NetworkHandle::Run(const val& images, const val& transforms) {
  Result<Transforms> parsed = ToTransforms(transforms);
  if (!parsed) return Failure(parsed.error());
  const int n = images["length"].as<int>();
  const int side = parsed->crop_size;
  if (Status status = network_->Prepare(n, side, side); !status) return Failure(status.error());
  const size_t elements = size_t(side) * size_t(side) * kInputChannels;
  std::vector<uint8_t> codes(elements);
  for (int i = 0; i < n; ++i) {
    const ImageHandle& image = *images[i].as<ImageHandle*>(emscripten::allow_raw_pointers());
    Result<Image> crop = ResizeAndCrop(image.image(), parsed.value());
    if (!crop) return Failure(crop.error());
    if (network_->precision() == Precision::kInt8) {
      const InputQuantization& q = network_->input_quantization();
      NormalizeToCodes(crop.value(), parsed.value(), {q.scale, q.zero_point, 0, kMaxInputCode}, codes);
      network_->SetInputCodes(i, codes);
    } else {
      NormalizeToFloat(crop.value(), parsed.value(), network_->input_reals().subspan(size_t(i) * elements, elements));
    }
  }
  return RunPrepared();
}

val NetworkHandle::RunTensor(uintptr_t pointer, int n, int height, int width) {
  if (Status status = network_->Prepare(n, height, width); !status) return Failure(status.error());
  const std::span<const float> tensor(reinterpret_cast<const float*>(pointer),
                                      size_t(n) * size_t(height) * size_t(width) * kInputChannels);
  network_->SetInput(tensor);
  return RunPrepared();
}

val NetworkHandle::RunPrepared() {
  if (Status status = network_->Run(); !status) return Failure(status.error());
  return Success(reinterpret_cast<uintptr_t>(network_->logits().data()));
}

}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(network) {
  using resnet50::js::NetworkHandle;
  emscripten::class_<NetworkHandle>("Network")
      .property("classes", &NetworkHandle::classes)
      .function("missingLayers", &NetworkHandle::MissingLayers)
      .function("loadShard", &NetworkHandle::LoadShard)
      .function("initialiseRandomly", &NetworkHandle::InitialiseRandomly)
      .function("run", &NetworkHandle::Run)
      .function("runTensor", &NetworkHandle::RunTensor);
  emscripten::function("createNetwork", &NetworkHandle::Create);
}
