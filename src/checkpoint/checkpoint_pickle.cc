#include "checkpoint/checkpoint_pickle.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace resnet50 {
namespace {

Error Fail(std::string_view file_name, std::string message) {
  return {ErrorCode::kCheckpointFormat, std::string(file_name), std::move(message)};
}

Error FailTensor(std::string_view file_name, std::string_view name, std::string_view what) {
  return Fail(file_name, "tensor '" + PrintableName(name) + "' " + std::string(what));
}

// Functions and classes that make tensors which this reader does not.
struct StandIn {
  std::string_view function, what;
};

constexpr StandIn kStandIns[] = {
    {"_rebuild_qtensor", "a quantized tensor (take the checkpoint from before quantization)"},
    {"_load_from_bytes", "a tensor that pickle.dump wrote (save it with torch.save)"},
    {"_reconstruct", "a NumPy array (save it with torch.save as a tensor)"},
    {"_rebuild_sparse_tensor", "a sparse tensor"},
    {"_rebuild_device_tensor_from_numpy", "a tensor of a device (save it from the CPU)"},
    {"_rebuild_meta_tensor_no_storage", "a tensor without data (of the meta device)"},
    {"_rebuild_from_type_v2", "a tensor of a class of its own"},
    {"_rebuild_wrapper_subclass", "a tensor of a class of its own"},
    {"_rebuild_tensor_v3", "a tensor of a type that this reader does not know"},
    {"UntypedStorage", "a tensor of a type that this reader does not know"},
    {"ComplexFloatStorage", "a tensor of complex numbers"},
    {"ComplexDoubleStorage", "a tensor of complex numbers"},
};

std::string_view FindStandIn(const PickleValue& value) {
  if (value.kind == PickleKind::kTensor) return value.integer < 0 ? "a parameter without data" : "";
  for (const StandIn& row : kStandIns) {
    if (row.function == value.text) return row.what;
  }
  return {};
}

// What a value has to offer to the search.
enum class Use : uint8_t { kNothing, kTensor, kContainer };

Use UseOf(const PickleValue& value) {
  switch (value.kind) {
    case PickleKind::kTensor: return Use::kTensor;
    case PickleKind::kOpaque:
      if (!FindStandIn(value).empty()) return Use::kTensor;
      return value.items.empty() ? Use::kNothing : Use::kContainer;
    case PickleKind::kDict:
    case PickleKind::kList:
    case PickleKind::kTuple: return value.items.empty() ? Use::kNothing : Use::kContainer;
    default: return Use::kNothing;
  }
}

class Search {
 public:
  Search(const Pickle& pickle, std::string_view file_name, std::vector<TensorEntry>& entries)
      : pickle_(pickle), file_name_(file_name), entries_(entries), seen_(pickle.values.size(), false) {}

  Status Run();

 private:
  struct Node {
    PickleRef ref;
    std::string path;  // empty, or with '.' at its end
    int depth;
  };

  void Enqueue(PickleRef ref, std::string path, int depth);
  Status Visit(const Node& node);
  Status VisitDict(const PickleValue& dict, const Node& node);
  Status VisitItem(std::string_view key, PickleRef ref, const Node& node);
  Status Add(std::string name, size_t key, const PickleValue& value);
  bool IsModule(const PickleValue& dict) const;

  const Pickle& pickle_;
  std::string_view file_name_;
  std::vector<TensorEntry>& entries_;
  std::vector<bool> seen_;
  std::deque<Node> waiting_;
  size_t searched_ = 0;
  std::unordered_map<std::string, size_t> places_;  // of names in entries_
};

void Search::Enqueue(PickleRef ref, std::string path, int depth) {
  if (seen_[ref] || depth > kMaxSearchDepth || path.size() > kMaxTensorName || searched_ == kMaxSearchedValues) return;
  seen_[ref] = true;
  ++searched_;
  waiting_.push_back({ref, std::move(path), depth});
}

Status Search::Run() {
  if (UseOf(pickle_.Root()) != Use::kContainer) {
    const bool is_object = pickle_.Root().kind == PickleKind::kOpaque;
    return Fail(file_name_, (is_object ? "holds an object of class '" + PrintableName(pickle_.Root().text) + "' and"
                                       : std::string("holds")) +
                                " no dict of tensors: save the weights with torch.save(model.state_dict(), path)");
  }
  Enqueue(pickle_.root, "", 0);
  while (!waiting_.empty()) {
    const Node node = std::move(waiting_.front());
    waiting_.pop_front();
    if (Status status = Visit(node); !status) return status;
  }
  return {};
}

Status Search::Visit(const Node& node) {
  const PickleValue& value = pickle_[node.ref];
  switch (value.kind) {
    case PickleKind::kDict: return VisitDict(value, node);
    case PickleKind::kOpaque:  // attributes, under the object's own path
      for (const PickleRef state : value.items) {
        const PickleValue& attributes = pickle_[state];
        // An object with slots: (attributes, slots).
        if (attributes.kind == PickleKind::kDict || attributes.kind == PickleKind::kTuple) {
          Enqueue(state, node.path, node.depth + 1);
        }
      }
      return {};
    default: break;
  }
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (Status status = VisitItem(std::to_string(i), value.items[i], node); !status) return status;
  }
  return {};
}

// Whether a dict holds the attributes of a torch.nn.Module.
bool Search::IsModule(const PickleValue& dict) const {
  int found = 0;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& key = pickle_[dict.items[i]];
    found += key.kind == PickleKind::kString && (key.text == "_parameters" || key.text == "_modules");
  }
  return found == 2;
}

Status Search::VisitDict(const PickleValue& dict, const Node& node) {
  const bool is_module = IsModule(dict);
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& key = pickle_[dict.items[i]];
    const PickleRef ref = dict.items[i + 1];
    if (is_module) {
      const bool counts = key.text == "_parameters" || key.text == "_buffers" || key.text == "_modules";
      if (counts && UseOf(pickle_[ref]) == Use::kContainer) Enqueue(ref, node.path, node.depth);
      continue;
    }
    const bool is_text = key.kind == PickleKind::kString;
    if (!is_text && key.kind != PickleKind::kInt) continue;
    const std::string number = is_text ? "" : std::to_string(key.integer);
    if (Status status = VisitItem(is_text ? key.text : number, ref, node); !status) return status;
  }
  return {};
}

Status Search::VisitItem(std::string_view key, PickleRef ref, const Node& node) {
  const PickleValue& value = pickle_[ref];
  const Use use = UseOf(value);
  if (use == Use::kNothing || node.path.size() + key.size() > kMaxTensorName) return {};
  std::string name = node.path + std::string(key);
  if (use == Use::kTensor) return Add(std::move(name), node.path.size(), value);
  Enqueue(ref, name + ".", node.depth + 1);
  return {};
}

// Of equal keys the last counts, as in Python.
Status Search::Add(std::string name, size_t key, const PickleValue& value) {
  TensorEntry entry;
  entry.key = key;
  entry.unreadable = FindStandIn(value);
  if (entry.unreadable.empty()) {
    const PickledTensor& pickled = pickle_.tensors[size_t(value.integer)];
    entry.handle = size_t(value.integer);
    entry.type = pickle_.storages[pickled.storage].type;
    entry.shape = pickled.shape;
  }
  const auto [place, fresh] = places_.emplace(name, entries_.size());
  entry.name = std::move(name);
  if (!fresh) {
    entries_[place->second] = std::move(entry);
    return {};
  }
  if (entries_.size() == kMaxPickledTensors) return Fail(file_name_, "holds more tensors than any checkpoint");
  entries_.push_back(std::move(entry));
  return {};
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

// The bytes of a storage's view.
Result<std::span<const uint8_t>> View(std::string_view name, const PickledStorage& storage, const StorageSource& source,
                                      std::string_view file_name) {
  Result<std::span<const uint8_t>> whole = source(storage);
  if (!whole) return whole;
  const size_t width = ElementSize(storage.type);
  if (whole->size() % width != 0 || uint64_t(storage.elements) != whole->size() / width) {
    return FailTensor(file_name, name, "has a storage of another size than the file says: fetch the file again");
  }
  return whole->subspan(size_t(storage.view_offset) * width, size_t(storage.view_elements) * width);
}

}  // namespace

Status ListTensors(const Pickle& pickle, std::string_view file_name, std::vector<TensorEntry>& entries) {
  return Search(pickle, file_name, entries).Run();
}

Result<Tensor> LayTensor(const Pickle& pickle, const TensorEntry& entry, const StorageSource& source,
                         std::string_view file_name) {
  const auto fail = [&](std::string_view what) { return FailTensor(file_name, entry.name, what); };
  if (!entry.unreadable.empty()) return fail("is " + entry.unreadable);
  const PickledTensor& pickled = pickle.tensors[entry.handle];
  const PickledStorage& storage = pickle.storages[pickled.storage];
  Result<std::span<const uint8_t>> view = View(entry.name, storage, source, file_name);
  if (!view) return std::move(view).error();
  const std::optional<int64_t> count = ElementCount(pickled.shape);
  if (!count || pickled.offset < 0 || pickled.offset > storage.view_elements) {
    return fail("has an impossible shape or position");
  }
  Tensor tensor{entry.name, storage.type, pickled.shape, {}, {}};
  if (*count == 0) return tensor;
  const std::optional<int64_t> reach = Reach(pickled);
  if (!reach || *reach > storage.view_elements - pickled.offset) return fail("lies outside of its storage");
  if (*count > std::max(storage.view_elements, kMaxExpandedElements)) {
    return fail("is expanded to more elements than this reader takes");
  }
  if (!IsDense(pickled)) tensor.strides = pickled.strides;
  const size_t width = ElementSize(storage.type);
  tensor.bytes = view->subspan(size_t(pickled.offset) * width, size_t(*reach) * width);
  return tensor;
}

}  // namespace resnet50
