#include "checkpoint/checkpoint_pickle.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace resnet50 {
namespace {

// Where training scripts put the state dict, in the order in which they are looked for.
constexpr std::string_view kWrappers[] = {"state_dict", "model_state_dict", "model", "net", "network", "weights"};
constexpr int kMaxWrappers = 4;

Error Fail(std::string_view file_name, std::string message) {
  return {ErrorCode::kCheckpointFormat, std::string(file_name), std::move(message)};
}

// The last value of a key, as in Python, or nothing.
const PickleValue* Lookup(const Pickle& pickle, const PickleValue& dict, std::string_view key) {
  for (size_t i = dict.items.size(); i >= 2; i -= 2) {
    const PickleValue& candidate = pickle[dict.items[i - 2]];
    if (candidate.kind == PickleKind::kString && candidate.text == key) return &pickle[dict.items[i - 1]];
  }
  return nullptr;
}

// The dict inside of its wrappers.
const PickleValue& Unwrap(const Pickle& pickle, const PickleValue& root) {
  const PickleValue* dict = &root;
  for (int depth = 0; depth < kMaxWrappers; ++depth) {
    const PickleValue* inner = nullptr;
    for (const std::string_view wrapper : kWrappers) {
      const PickleValue* candidate = Lookup(pickle, *dict, wrapper);
      if (inner == nullptr && candidate != nullptr && candidate->kind == PickleKind::kDict) inner = candidate;
    }
    if (inner == nullptr) break;
    dict = inner;
  }
  return *dict;
}

bool IsDense(const PickledTensor& tensor) {
  int64_t stride = 1;
  for (size_t i = tensor.shape.size(); i-- > 0;) {
    // A dimension of one is never stepped over.
    if (tensor.shape[i] != 1 && tensor.strides[i] != stride) return false;
    stride *= std::max<int64_t>(tensor.shape[i], 1);  // the product fits: ElementCount was checked
  }
  return true;
}

// Elements from the first to the last one reached, or nothing where that overflows or goes backwards.
std::optional<int64_t> Reach(const PickledTensor& tensor) {
  int64_t reach = 1;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    int64_t step = 0;
    if (tensor.strides[i] < 0 || __builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &step) ||
        __builtin_add_overflow(reach, step, &reach)) {
      return std::nullopt;
    }
  }
  return reach;
}

class Builder {
 public:
  Builder(const Pickle& pickle, const StorageSource& source, std::string_view file_name)
      : pickle_(pickle), source_(source), file_name_(file_name) {}

  Result<StateDict> Build();

 private:
  Error FailTensor(std::string_view name, std::string_view what) const {
    return Fail(file_name_, "tensor '" + PrintableName(name) + "' " + std::string(what));
  }
  Result<std::span<const uint8_t>> View(std::string_view name, const PickledStorage& storage) const;
  Result<Tensor> MakeTensor(std::string_view name, const PickleValue& value) const;

  const Pickle& pickle_;
  const StorageSource& source_;
  std::string_view file_name_;
};

// The bytes of a storage's view.
Result<std::span<const uint8_t>> Builder::View(std::string_view name, const PickledStorage& storage) const {
  Result<std::span<const uint8_t>> whole = source_(storage);
  if (!whole) return whole;
  const size_t width = ElementSize(storage.type);
  if (whole->size() % width != 0 || uint64_t(storage.elements) != whole->size() / width) {
    return FailTensor(name, "has a storage of another size than the file says: fetch the file again");
  }
  return whole->subspan(size_t(storage.view_offset) * width, size_t(storage.view_elements) * width);
}

Result<Tensor> Builder::MakeTensor(std::string_view name, const PickleValue& value) const {
  if (value.integer < 0) return FailTensor(name, "has no data");
  const PickledTensor& pickled = pickle_.tensors[size_t(value.integer)];
  const PickledStorage& storage = pickle_.storages[pickled.storage];
  Result<std::span<const uint8_t>> view = View(name, storage);
  if (!view) return std::move(view).error();
  const std::optional<int64_t> count = ElementCount(pickled.shape);
  if (!count || pickled.offset < 0 || pickled.offset > storage.view_elements) {
    return FailTensor(name, "has an impossible shape or position");
  }
  Tensor tensor{std::string(name), storage.type, pickled.shape, {}, {}};
  if (*count == 0) return tensor;
  const std::optional<int64_t> reach = Reach(pickled);
  if (!reach || *reach > storage.view_elements - pickled.offset) return FailTensor(name, "lies outside of its storage");
  if (*count > std::max(storage.view_elements, kMaxExpandedElements)) {
    return FailTensor(name, "is expanded to more elements than this reader takes");
  }
  if (!IsDense(pickled)) tensor.strides = pickled.strides;
  const size_t width = ElementSize(storage.type);
  tensor.bytes = view->subspan(size_t(pickled.offset) * width, size_t(*reach) * width);
  return tensor;
}

Result<StateDict> Builder::Build() {
  if (pickle_.Root().kind != PickleKind::kDict) {
    return Fail(file_name_, "holds no dict: save the weights with torch.save(model.state_dict(), path)");
  }
  const PickleValue& dict = Unwrap(pickle_, pickle_.Root());
  StateDict state;
  std::map<std::string_view, size_t> places;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& key = pickle_[dict.items[i]];
    const PickleValue& value = pickle_[dict.items[i + 1]];
    if (key.kind != PickleKind::kString || value.kind != PickleKind::kTensor) continue;
    if (state.tensors.size() == kMaxPickledTensors) return Fail(file_name_, "holds more tensors than any state dict");
    Result<Tensor> tensor = MakeTensor(key.text, value);
    if (!tensor) return std::move(tensor).error();
    const auto [place, fresh] = places.emplace(key.text, state.tensors.size());
    if (fresh) {
      state.tensors.push_back(std::move(tensor).value());
    } else {
      state.tensors[place->second] = std::move(tensor).value();
    }
  }
  if (state.tensors.empty()) {
    return Fail(
        file_name_,
        "holds no tensors under the names it should: save the weights with torch.save(model.state_dict(), path)");
  }
  return state;
}

}  // namespace

Result<StateDict> StateDictFromPickle(const Pickle& pickle, const StorageSource& source, std::string_view file_name) {
  return Builder(pickle, source, file_name).Build();
}

}  // namespace resnet50
