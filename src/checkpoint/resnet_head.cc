#include "checkpoint/resnet_head.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace resnet50 {
namespace {

constexpr double kBatchNormEpsilon = 1e-5;  // torch.nn.BatchNorm1d's default

// Modules that are classifiers by their name, looked for beside the body and then in what surrounds it.
constexpr std::string_view kHeadNames[] = {"fc",     "classifier", "head",        "last_linear",         "linear",
                                           "logits", "cls_head",   "linear_head", "classification_head", "clf",
                                           "heads",  "fc_head",    "output_layer"};
// Parts of names of what makes embeddings or losses, not classes.
constexpr std::string_view kProjections[] = {"proj",   "prototype", "predictor", "queue",    "neck",
                                             "center", "criterion", "loss",      "momentum", "aux",
                                             "embed",  "exp_avg",   "mlp",       "feat"};

using Entries = std::vector<const TensorEntry*>;

bool IsMatrix(const TensorEntry& entry) {
  const std::vector<int64_t>& shape = entry.shape;
  return shape.size() == 2 || (shape.size() == 4 && shape[2] == 1 && shape[3] == 1);
}

bool EndsWithPart(std::string_view name, std::string_view part) {
  return name.ends_with(part) && (name.size() == part.size() || name[name.size() - part.size() - 1] == '.');
}

// Weights of linear layers (those of a weight norm among them).
bool IsLinear(const TensorEntry& entry) {
  static constexpr std::string_view kWeights[] = {"weight", "weight_v", "weight_orig", "weight.original1"};
  return IsMatrix(entry) && std::any_of(std::begin(kWeights), std::end(kWeights),
                                        [&](std::string_view part) { return EndsWithPart(entry.name, part); });
}

// By its name in the body, or in the body's dict where it lies beside.
bool IsProjection(const Body& body, std::string_view name) {
  if (name.starts_with(body.prefix)) {
    name.remove_prefix(body.prefix.size());
  } else if (name.starts_with(body.path())) {
    name.remove_prefix(body.path().size());
  }
  return std::any_of(std::begin(kProjections), std::end(kProjections),
                     [&](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

// "a.b" of "a.b.weight".
std::string_view ModuleOf(std::string_view name) { return name.substr(0, std::min(name.rfind('.'), name.size())); }

// All entries whose name begins so.
Entries Below(const TensorIndex& index, std::string_view prefix) {
  Entries found;
  for (auto at = index.lower_bound(prefix); at != index.end() && at->first.starts_with(prefix); ++at) {
    found.push_back(at->second);
  }
  return found;
}

// A name as it is in the dict with this path.
std::string Within(std::string_view path, std::string_view name) {
  return PrintableName(name.starts_with(path) ? name.substr(path.size()) : name);
}

std::string Listed(const Entries& entries, std::string_view path) {
  std::string text;
  for (size_t i = 0; i < entries.size() && i < 3; ++i) {
    text += (i > 0 ? ", " : "") + Within(path, entries[i]->name) + " " + ShapeText(entries[i]->shape);
  }
  return entries.size() > 3 ? text + ", ..." : text;
}

constexpr const char* kCounts[] = {"no", "one", "two", "three", "four", "five", "six"};

std::string Count(size_t count) { return count < std::size(kCounts) ? kCounts[count] : std::to_string(count); }

// The number that a module has in a Sequential: 3 of "fc.3" in the group "fc.".
std::optional<int> PositionIn(std::string_view module, std::string_view group) {
  if (module.size() <= group.size()) return std::nullopt;
  int position = 0;
  for (const char c : module.substr(group.size())) {
    if (c < '0' || c > '9' || position > 1000) return std::nullopt;
    position = 10 * position + (c - '0');
  }
  return position;
}

// Whether the classifier is fastai's: cnn_learner's body is 0 and its head 1.
bool IsFastai(const Body& body, std::string_view group) {
  return body.naming == Naming::kSequential && body.prefix.ends_with("0.") && group.ends_with("1.");
}

class Reader {
 public:
  // `group`: what all of the head's names begin with, '.' at its end.
  Reader(const Body& body, const TensorIndex& index, std::string group, const Entries& entries)
      : body_(body), index_(index), group_(std::move(group)), path_(body.path()) {
    for (const TensorEntry* entry : entries) {
      if (!IsCounter(entry->name)) head_.used.push_back(entry);
    }
    std::copy_if(head_.used.begin(), head_.used.end(), std::back_inserter(linears_),
                 [](const TensorEntry* entry) { return IsLinear(*entry); });
  }

  bool HasLinear() const { return !linears_.empty(); }
  Head Read();

 private:
  std::string Shown(std::string_view name) const { return Within(path_, name); }
  std::string GroupName() const { return Shown(ModuleOf(group_)); }
  std::string CheckLinears() const;
  std::string CheckOthers();
  std::string CheckNorm(std::string_view norm);

  const Body& body_;
  const TensorIndex& index_;
  std::string group_;
  std::string_view path_;  // of the body's dict
  Entries linears_;
  Head head_;
};

std::string Reader::CheckLinears() const {
  if (linears_.size() > 1) {
    const bool concatenates = linears_[0]->shape[1] == 2 * kHeadInputs;
    return "has " + Count(linears_.size()) + " linear layers in " + GroupName() + " (" + Listed(linears_, path_) +
           (concatenates ? "), as fastai's default head, which pools the maximum beside the mean" : ")") +
           ": only one layer of 2048 inputs can take the place of fc";
  }
  const TensorEntry& weight = *linears_[0];
  if (!EndsWithPart(weight.name, "weight")) {
    return "has a weight norm or another parametrization in " + GroupName() + " (" + Shown(weight.name) +
           "): remove it before saving (torch.nn.utils.remove_weight_norm)";
  }
  if (weight.shape[1] != kHeadInputs) {
    return "has a classifier of " + std::to_string(weight.shape[1]) + " inputs (" + Listed(linears_, path_) +
           "): after the average pooling of a ResNet-50 there are 2048";
  }
  if (!weight.unreadable.empty()) return "has " + weight.unreadable + " as " + Shown(weight.name);
  if (weight.shape[0] < 1 || weight.shape[0] > kMaxHeadOutputs) {
    return "has a classifier of " + std::to_string(weight.shape[0]) + " classes";
  }
  if (!IsFloatingPoint(weight.type)) return "has " + Shown(weight.name) + " of type " + std::string(Name(weight.type));
  return {};
}

// A batch norm of the features is folded in where nothing that is no tensor (a ReLU, say) can lie between.
std::string Reader::CheckNorm(std::string_view norm) {
  const std::optional<int> at = PositionIn(norm, group_), linear = PositionIn(head_.module, group_);
  const auto variance = index_.find(std::string(norm) + ".running_var");
  const bool of_features = variance != index_.end() && variance->second->shape == std::vector<int64_t>{kHeadInputs};
  // fastai's own head has a dropout between them.
  const bool adjacent = at && linear && (*linear == *at + 1 || (IsFastai(body_, group_) && *linear == *at + 2));
  if (!of_features || !adjacent || !head_.norm.empty()) {
    return "has a batch norm in " + GroupName() + " (" + Shown(norm) +
           ") that is not directly before its linear layer: what lies between, the file does not say";
  }
  head_.norm = norm;
  return {};
}

// What the head has beside its linear layer.
std::string Reader::CheckOthers() {
  std::string_view norm;
  for (const TensorEntry* entry : head_.used) {
    const std::string_view module = ModuleOf(entry->name);
    if (entry == head_.weight) continue;
    if (module == head_.module && EndsWithPart(entry->name, "bias")) {
      if (entry->shape != std::vector<int64_t>{head_.weight->shape[0]}) {
        return "has " + Shown(entry->name) + " of shape " + ShapeText(entry->shape);
      }
      head_.bias = entry;
    } else if (index_.contains(std::string(module) + ".running_var")) {
      if (module == norm) continue;
      norm = module;
      if (std::string fault = CheckNorm(norm); !fault.empty()) return fault;
    } else {
      return "has more than a linear layer in " + GroupName() + " (" + Shown(entry->name) + " " +
             ShapeText(entry->shape) + "): only a linear layer can take the place of fc";
    }
  }
  return {};
}

Head Reader::Read() {
  head_.fault = CheckLinears();
  if (!head_.fault.empty()) return std::move(head_);
  head_.weight = linears_[0];
  head_.module = ModuleOf(head_.weight->name);
  head_.fault = CheckOthers();
  return std::move(head_);
}

// Where classifiers may lie: beside the body and in what surrounds it.
std::vector<std::string> Groups(const Body& body) {
  std::vector<std::string> groups;
  if (body.naming == Naming::kSequential && body.prefix.ends_with("0.")) {
    groups.push_back(std::string(ParentPrefix(body.prefix)) + "1.");
  }
  for (std::string_view scope = body.prefix;; scope = ParentPrefix(scope)) {
    for (const std::string_view name : kHeadNames) groups.push_back(std::string(scope) + std::string(name) + ".");
    if (scope.empty()) break;
  }
  // After the pooling of a Sequential there may be a flattening and a dropout.
  for (int i = 9; body.naming == Naming::kSequential && i < 12; ++i) {
    groups.push_back(body.prefix + std::to_string(i) + ".");
  }
  return groups;
}

// The only linear layer in the body's dict, whatever its name.
Head FindUnnamed(const Body& body, const TensorIndex& index) {
  const std::string_view path = body.path();
  Entries linears;
  for (const TensorEntry* entry : Below(index, path)) {
    const bool own = entry->name.starts_with(body.prefix) &&
                     TakesPart(body.naming, std::string_view(entry->name).substr(body.prefix.size()));
    if (entry->key == body.key && !own && IsLinear(*entry) && !IsProjection(body, entry->name))
      linears.push_back(entry);
  }
  const auto of_features = [](const TensorEntry* entry) { return entry->shape[1] == kHeadInputs; };
  if (std::none_of(linears.begin(), linears.end(), of_features)) return {};
  Head head;
  const std::string module(ModuleOf(linears[0]->name));
  if (linears.size() == 1 && index.contains(module + ".bias")) {
    return Reader(body, index, module + ".", Below(index, module + ".")).Read();
  }
  head.fault =
      linears.size() == 1
          ? "has no fc, and one linear layer without a bias (" + Listed(linears, path) + "), which may be no classifier"
          : "has no fc, but " + Count(linears.size()) + " linear layers (" + Listed(linears, path) +
                "): which of them is the classifier, the file does not say";
  return head;
}

// A dense float tensor of zeros that `state` owns; null where there is no memory for it.
float* AddOwned(StateDict& state, std::string name, std::vector<int64_t> shape, size_t count) {
  std::unique_ptr<uint8_t[]> owned(new (std::nothrow) uint8_t[count * sizeof(float)]());
  uint8_t* bytes = owned.get();
  if (bytes == nullptr) return nullptr;
  state.buffers.push_back(std::move(owned));
  state.tensors.push_back({std::move(name), TensorType::kF32, std::move(shape), {}, {bytes, count * sizeof(float)}});
  return reinterpret_cast<float*>(bytes);
}

Status OutOfMemory(std::string_view name) {
  return Error{ErrorCode::kOutOfMemory, std::string(name), "its values do not fit in memory"};
}

Result<std::vector<float>> Values(CheckpointReader& file, const TensorIndex& index, const std::string& name,
                                  float otherwise) {
  const auto found = index.find(name);
  if (found == index.end()) return std::vector<float>(size_t(kHeadInputs), otherwise);
  Result<Tensor> tensor = file.Read(*found->second);
  if (!tensor) return std::move(tensor).error();
  Result<std::vector<float>> values = ToFloat(tensor.value());
  if (values && values->size() != size_t(kHeadInputs)) {
    return Error{ErrorCode::kCheckpointMismatch, name, "has another shape than [2048]"};
  }
  return values;
}

// y = W (g (x - mean) / sqrt(var + eps) + b) + c: the factors go into W, the rest into c. In double, rounded once.
Status FoldNorm(const Head& head, CheckpointReader& file, const TensorIndex& index, const Tensor& weight,
                const Tensor* bias, StateDict& state) {
  constexpr const char* kParts[] = {".weight", ".bias", ".running_mean", ".running_var"};
  std::vector<float> parts[std::size(kParts)];
  for (size_t i = 0; i < std::size(kParts); ++i) {
    Result<std::vector<float>> values = Values(file, index, head.norm + kParts[i], i == 0 ? 1.0f : 0.0f);
    if (!values) return std::move(values).error();
    parts[i] = std::move(values).value();
  }
  Result<std::vector<float>> w = ToFloat(weight);
  if (!w) return std::move(w).error();
  std::vector<float> c(size_t(weight.shape[0]), 0.0f);
  if (bias != nullptr) {
    Result<std::vector<float>> values = ToFloat(*bias);
    if (!values) return std::move(values).error();
    c = std::move(values).value();
  }
  float* weights = AddOwned(state, "fc.weight", weight.shape, w->size());
  float* biases = AddOwned(state, "fc.bias", {weight.shape[0]}, c.size());
  if (weights == nullptr || biases == nullptr) return OutOfMemory(weight.name);
  const std::vector<float>& plain = w.value();
  for (size_t o = 0; o < c.size(); ++o) {
    double sum = double(c[o]);
    for (size_t i = 0; i < size_t(kHeadInputs); ++i) {
      const size_t at = o * size_t(kHeadInputs) + i;
      const double factor = double(parts[0][i]) / std::sqrt(double(parts[3][i]) + kBatchNormEpsilon);
      weights[at] = float(double(plain[at]) * factor);
      sum += double(plain[at]) * (double(parts[1][i]) - double(parts[2][i]) * factor);
    }
    biases[o] = float(sum);
  }
  return {};
}

}  // namespace

Head FindHead(const Body& body, const TensorIndex& index) {
  for (std::string& group : Groups(body)) {
    const Entries entries = Below(index, group);
    if (entries.empty()) continue;
    if (index.contains(group + "bias") && !index.contains(group + "weight") && entries.size() == 1) {
      Head head;
      head.fault = "has " + Within(body.path(), entries[0]->name) + " and no weight of it";
      return head;
    }
    Reader reader(body, index, std::move(group), entries);
    if (reader.HasLinear()) return reader.Read();
  }
  return FindUnnamed(body, index);
}

std::string FindDoubt(const Body& body, const Head& head, const std::vector<const TensorEntry*>& left_out) {
  if (head.weight == nullptr) return {};
  const auto shown = [&](const TensorEntry& entry) {
    return Within(body.path(), entry.name) + " " + ShapeText(entry.shape);
  };
  const std::vector<int64_t> of_features{kHeadInputs}, of_colors{3};
  for (const TensorEntry* entry : left_out) {
    // The batch norm before the classifier of a re-identification network is called its neck.
    if (IsProjection(body, entry->name) && entry->name.find("neck") == std::string::npos) continue;
    const bool is_linear = IsLinear(*entry);
    if (is_linear && entry->shape[1] == kHeadInputs) {
      return "has two layers of 2048 inputs, " + shown(*head.weight) + " and " + shown(*entry) +
             ": which of them is the classifier, the file does not say";
    }
    if (is_linear && entry->shape[1] == head.weight->shape[0]) {
      return "has a linear layer after " + shown(*head.weight) + ": " + shown(*entry) +
             "; only one layer of 2048 inputs can take the place of fc";
    }
    const bool is_mean = EndsWithPart(entry->name, "running_mean");
    if (entry->shape == of_features && (is_mean || EndsWithPart(entry->name, "weight"))) {
      return "has a normalization of 2048 features beside its classifier (" + shown(*entry) +
             "): where it stands, the file does not say";
    }
    if (entry->shape == of_colors && is_mean) {
      return "has a batch norm of its input (" + shown(*entry) + "): this package normalizes by fixed mean and std";
    }
  }
  return {};
}

Status AddHead(const Head& head, CheckpointReader& file, const TensorIndex& index, StateDict& state) {
  if (head.weight == nullptr) {
    const bool added = AddOwned(state, "fc.weight", {1, kHeadInputs}, size_t(kHeadInputs)) != nullptr &&
                       AddOwned(state, "fc.bias", {1}, 1) != nullptr;
    return added ? Status() : OutOfMemory("fc.weight");
  }
  Result<Tensor> weight = file.Read(*head.weight);
  if (!weight) return std::move(weight).error();
  weight->shape.resize(2);  // a convolution of one pixel is a linear layer
  if (!weight->strides.empty()) weight->strides.resize(2);
  weight->name = "fc.weight";
  std::optional<Tensor> bias;
  if (head.bias != nullptr) {
    Result<Tensor> read = file.Read(*head.bias);
    if (!read) return std::move(read).error();
    bias = std::move(read).value();
    bias->name = "fc.bias";
  }
  if (!head.norm.empty()) return FoldNorm(head, file, index, weight.value(), bias ? &*bias : nullptr, state);
  const int64_t classes = weight->shape[0];
  state.tensors.push_back(std::move(weight).value());
  if (bias) {
    state.tensors.push_back(std::move(*bias));
  } else if (AddOwned(state, "fc.bias", {classes}, size_t(classes)) == nullptr) {
    return OutOfMemory("fc.bias");
  }
  return {};
}

}  // namespace resnet50
