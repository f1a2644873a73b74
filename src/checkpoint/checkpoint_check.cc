// Whether a state dict is one of the network that is asked for, and what is wrong where it is not.
#include <algorithm>
#include <map>
#include <set>

#include "checkpoint/checkpoint.h"

namespace resnet50 {
namespace {

constexpr size_t kNamesShown = 3;

// A kind of mismatch, counted, with the first few tensors' names.
class Finding {
 public:
  explicit Finding(std::string_view kind) : kind_(kind) {}

  void Add(std::string_view what) {
    if (++count_ <= kNamesShown) names_ += (count_ > 1 ? ", " : "") + std::string(what);
  }
  // "2 missing (fc.weight, fc.bias)", or nothing where there is none.
  std::string Text() const {
    if (count_ == 0) return {};
    return std::to_string(count_) + " " + std::string(kind_) + " (" + names_ + (count_ > kNamesShown ? ", ...)" : ")");
  }

 private:
  std::string_view kind_;
  size_t count_ = 0;
  std::string names_;
};

}  // namespace

bool IsCounter(std::string_view name) { return name.ends_with("num_batches_tracked") || name.ends_with("n_averaged"); }

Status CheckAgainst(const StateDict& state, std::span<const ExpectedTensor> expected, std::string_view file_name) {
  Finding missing("missing"), unexpected("unexpected"), misshaped("misshaped"), untyped("not of floating-point type");
  std::map<std::string_view, const Tensor*> present;
  for (const Tensor& tensor : state.tensors) present.emplace(tensor.name, &tensor);
  std::set<std::string_view> wanted;
  for (const ExpectedTensor& row : expected) {
    wanted.insert(row.name);
    const auto found = present.find(row.name);
    if (IsCounter(row.name)) continue;
    if (found == present.end()) {
      missing.Add(row.name);
    } else if (found->second->shape != row.shape) {
      misshaped.Add(row.name + " is " + ShapeText(found->second->shape) + " instead of " + ShapeText(row.shape));
    } else if (!IsFloatingPoint(found->second->type)) {
      untyped.Add(row.name + " is " + std::string(Name(found->second->type)));
    }
  }
  for (const Tensor& tensor : state.tensors) {
    if (!wanted.contains(tensor.name) && !IsCounter(tensor.name)) unexpected.Add(PrintableName(tensor.name));
  }
  std::string message;
  for (const Finding* finding : {&missing, &unexpected, &misshaped, &untyped}) {
    const std::string text = finding->Text();
    if (!text.empty()) message += (message.empty() ? "" : ", ") + text;
  }
  if (message.empty()) return {};
  return Error{ErrorCode::kCheckpointMismatch, std::string(file_name),
               "does not fit the network: of its tensors " + message + "; it has " +
                   std::to_string(CountParameters(state)) + " parameters"};
}

int64_t CountParameters(const StateDict& state) {
  int64_t count = 0;
  for (const Tensor& tensor : state.tensors) {
    const std::string_view name = tensor.name;
    if (!IsFloatingPoint(tensor.type) || name.ends_with("running_mean") || name.ends_with("running_var")) continue;
    // Of an expanded tensor's many elements no sum can overflow: kMaxExpandedElements and kMaxPickledTensors bound it.
    count += ElementCount(tensor.shape).value_or(0);
  }
  return count;
}

}  // namespace resnet50
