// Checkpoint files of all kinds, and pickles by themselves.
#include "checkpoint/checkpoint.h"

#include <algorithm>

#include "checkpoint/pickle.h"
#include "checkpoint/resnet.h"
#include "targets.h"

namespace resnet50::fuzz {
namespace {

// Elements of a tensor that the fuzzer converts: larger ones cost time and show nothing new.
constexpr int64_t kMaxElements = 1 << 16;
constexpr size_t kMaxConverted = 16;

int64_t Elements(const Tensor& tensor) {
  int64_t count = 1;
  for (const int64_t side : tensor.shape) Check(!__builtin_mul_overflow(count, side, &count), "shapes do not overflow");
  return count;
}

void CheckTensor(const Tensor& tensor, bool convert) {
  const int64_t count = Elements(tensor);
  Check(count >= 0, "shapes are not negative");
  uint8_t sum = 0;
  for (const uint8_t byte : tensor.bytes) sum = uint8_t(sum + byte);
  static_cast<void>(sum);
  if (count > kMaxElements || !convert) return;
  const Result<std::vector<float>> values = ToFloat(tensor);
  Check(!values || values->size() == size_t(count), "as many values as the shape says");
}

// A table that a fuzzer's small files can fit: two layers under the names that bodies are found by.
const std::vector<ExpectedTensor> kExpected = {{"conv1.weight", {1, 1, 1, 1}},
                                               {"layer1.0.conv1.weight", {1, 1, 1, 1}},
                                               {"fc.weight", {1, 2048}},
                                               {"fc.bias", {1}}};

void Recognize(Bytes bytes, const ResNetChoice& choice) {
  const Result<RecognizedResNet> network = ReadResNet(bytes, "fuzz.pth", kExpected, choice);
  if (!network) {
    Check(!network.error().message.empty(), "every refusal has a message");
    return;
  }
  for (const ExpectedTensor& row : kExpected) Check(network->state.Find(row.name) != nullptr, "the network is whole");
  for (const Tensor& tensor : network->state.tensors) CheckTensor(tensor, true);
  Check(network->state.Find("fc.weight")->shape[0] >= 1, "there is a class");
}

}  // namespace

void FuzzCheckpoint(Bytes bytes) {
  Result<CheckpointReader> file = CheckpointReader::Open(bytes, "fuzz.pth");
  if (!file) {
    Check(!file.error().message.empty(), "every refusal has a message");
    Check(file.error().code == ErrorCode::kCheckpointFormat || file.error().code == ErrorCode::kOutOfMemory,
          "a checkpoint is refused as one");
    return;
  }
  Check(!file->entries().empty(), "a file has tensors");
  StateDict state;
  size_t converted = 0;
  for (const TensorEntry& entry : file->entries()) {
    Check(entry.key <= entry.name.size(), "a name has a path");
    Result<Tensor> tensor = file->Read(entry);
    if (!tensor) {
      Check(tensor.error().code == ErrorCode::kCheckpointFormat || tensor.error().code == ErrorCode::kOutOfMemory,
            "a tensor is refused as one");
      continue;
    }
    CheckTensor(tensor.value(), ++converted <= kMaxConverted);
    state.tensors.push_back(std::move(tensor).value());
  }
  const Status fits = CheckAgainst(state, kExpected, "fuzz.pth");
  Check(fits || !fits.error().message.empty(), "every refusal has a message");
  Check(CountParameters(state) >= 0, "parameters can be counted");
  Recognize(bytes, {});
  Recognize(bytes, {"model", true});
}

void FuzzPickle(Bytes bytes) {
  const Result<Pickle> pickle = ReadPickle(bytes, "fuzz.pickle");
  if (!pickle) {
    Check(pickle.error().code == ErrorCode::kCheckpointFormat, "a pickle is refused as a checkpoint");
    return;
  }
  Check(pickle->size <= bytes.size(), "a pickle ends inside of its bytes");
  Check(pickle->root < pickle->values.size(), "the root exists");
  for (const PickleValue& value : pickle->values) {
    for (const PickleRef item : value.items) Check(item < pickle->values.size(), "items exist");
    if (value.kind == PickleKind::kOpaque) Check(value.items.size() <= 1, "an object has one state");
    if (value.kind == PickleKind::kDict) Check(value.items.size() % 2 == 0, "every key has a value");
    if (value.kind == PickleKind::kStorage) Check(size_t(value.integer) < pickle->storages.size(), "storages exist");
    if (value.kind == PickleKind::kTensor && value.integer >= 0)
      Check(size_t(value.integer) < pickle->tensors.size(), "tensors exist");
  }
  for (const PickledTensor& tensor : pickle->tensors) {
    Check(tensor.storage < pickle->storages.size(), "tensors have storages");
    Check(tensor.shape.size() == tensor.strides.size(), "every side has a stride");
  }
}

}  // namespace resnet50::fuzz
