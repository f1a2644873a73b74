#include "convert/checkpoint_network.h"

#include <string>
#include <utility>

#include "checkpoint/checkpoint.h"

namespace resnet50 {
namespace {

Result<int> InferClasses(const StateDict& state, std::string_view file_name) {
  const Tensor* head = state.Find("fc.weight");
  if (head == nullptr || head->shape.size() != 2 || head->shape[0] < 1 || head->shape[0] > kMaxClasses) {
    return Error{ErrorCode::kCheckpointMismatch, std::string(file_name),
                 "holds no fc.weight of shape [classes, 2048]: this is not a ResNet-50 state dict"};
  }
  return int(head->shape[0]);
}

Status CheckShapes(const StateDict& state, int classes, std::string_view file_name) {
  std::vector<ExpectedTensor> expected;
  for (const ParameterSpec& spec : ResNet50Parameters(classes)) expected.push_back({spec.name, spec.shape});
  return CheckAgainst(state, expected, file_name);
}

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

Result<CheckpointNetwork> ReadCheckpointNetwork(std::span<const uint8_t> bytes, std::string_view file_name) {
  Result<StateDict> state = ReadCheckpoint(bytes, file_name);
  if (!state) return std::move(state).error();
  Result<int> classes = InferClasses(state.value(), file_name);
  if (!classes) return std::move(classes).error();
  if (Status status = CheckShapes(state.value(), classes.value(), file_name); !status) return std::move(status).error();
  CheckpointNetwork network;
  network.classes = classes.value();
  network.layers = ResNet50Layers(network.classes);
  network.folded.resize(network.layers.size());
  network.unfolded.resize(network.layers.size());
  for (size_t row = 0; row < network.layers.size(); ++row) {
    if (!network.layers[row].has_weights()) continue;
    Status status = FoldRow(state.value(), network.layers[row], network.folded[row], network.unfolded[row]);
    if (!status) return std::move(status).error();
  }
  return network;
}

size_t CountParameters(int classes) {
  size_t count = 0;
  for (const ParameterSpec& spec : ResNet50Parameters(classes)) {
    if (!spec.trainable) continue;
    size_t elements = 1;
    for (int64_t side : spec.shape) elements *= size_t(side);
    count += elements;
  }
  return count;
}

}  // namespace resnet50
