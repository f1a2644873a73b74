#include "convert/checkpoint_network.h"

#include <string>
#include <utility>

#include "checkpoint/checkpoint.h"

namespace resnet50 {
namespace {

Result<std::vector<float>> ValuesOf(const StateDict& state, const std::string& name) {
  const Tensor* tensor = state.Find(name);
  if (tensor == nullptr) return Error{ErrorCode::kCheckpointMismatch, name, "is missing from the checkpoint"};
  return ToFloat(*tensor);
}

Status FoldRow(const StateDict& state, const Layer& layer, FoldedLayer& folded, BatchNormValues& unfolded) {
  Result<FoldedLayer> result = FoldLayer(layer, [&](const std::string& name) { return ValuesOf(state, name); });
  if (!result) return std::move(result).error();
  folded = std::move(result).value();
  for (size_t i = 0; i < kBatchNormParts.size() && !layer.batch_norm.empty(); ++i) {
    Result<std::vector<float>> values = ValuesOf(state, layer.batch_norm + kBatchNormParts[i]);
    if (!values) return std::move(values).error();
    unfolded[i] = std::move(values).value();
  }
  return {};
}

}  // namespace

Result<CheckpointNetwork> ReadCheckpointNetwork(std::span<const uint8_t> bytes, std::string_view file_name,
                                                const ResNetChoice& choice) {
  std::vector<ExpectedTensor> expected;
  for (const ParameterSpec& spec : ResNet50Parameters(1)) expected.push_back({spec.name, spec.shape});
  Result<RecognizedResNet> recognized = ReadResNet(bytes, file_name, expected, choice);
  if (!recognized) return std::move(recognized).error();
  const StateDict state = std::move(recognized->state);
  CheckpointNetwork network;
  network.recognized = std::move(recognized).value();
  network.recognized.state = {};
  network.classes = int(state.Find("fc.weight")->shape[0]);  // checked: 1 to kMaxClasses
  network.layers = ResNet50Layers(network.classes);
  network.folded.resize(network.layers.size());
  network.unfolded.resize(network.layers.size());
  for (size_t row = 0; row < network.layers.size(); ++row) {
    if (!network.layers[row].has_weights()) continue;
    Status status = FoldRow(state, network.layers[row], network.folded[row], network.unfolded[row]);
    if (!status) return std::move(status).error();
  }
  return network;
}

size_t CountParameters(const CheckpointNetwork& network) {
  size_t count = 0;
  for (const ParameterSpec& spec : ResNet50Parameters(network.classes)) {
    if (!spec.trainable || (!network.recognized.has_head && spec.name.starts_with("fc."))) continue;
    size_t elements = 1;
    for (int64_t side : spec.shape) elements *= size_t(side);
    count += elements;
  }
  return count;
}

}  // namespace resnet50
