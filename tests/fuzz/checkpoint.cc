// Checkpoint files of all kinds, and pickles by themselves.
#include "checkpoint/checkpoint.h"

#include <algorithm>

#include "checkpoint/pickle.h"
#include "network/topology.h"
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

}  // namespace

void FuzzCheckpoint(Bytes bytes) {
  const Result<StateDict> state = ReadCheckpoint(bytes, "fuzz.pth");
  if (!state) {
    Check(!state.error().message.empty(), "every refusal has a message");
    Check(state.error().code == ErrorCode::kCheckpointFormat || state.error().code == ErrorCode::kOutOfMemory,
          "a checkpoint is refused as one");
    return;
  }
  size_t converted = 0;
  for (const Tensor& tensor : state->tensors) {
    const int64_t count = Elements(tensor);
    Check(count >= 0, "shapes are not negative");
    uint8_t sum = 0;
    for (const uint8_t byte : tensor.bytes) sum = uint8_t(sum + byte);
    static_cast<void>(sum);
    if (count > kMaxElements || ++converted > kMaxConverted) continue;
    const Result<std::vector<float>> values = ToFloat(tensor);
    Check(!values || values->size() == size_t(count), "as many values as the shape says");
  }
  static const std::vector<ExpectedTensor> kExpected = {{"conv1.weight", {64, 3, 7, 7}}, {"fc.bias", {1000}}};
  const Status fits = CheckAgainst(state.value(), kExpected, "fuzz.pth");
  Check(fits || !fits.error().message.empty(), "every refusal has a message");
  Check(CountParameters(state.value()) >= 0, "parameters can be counted");
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
