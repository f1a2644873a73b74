#include "training/examples.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace resnet50 {
namespace {

Error Invalid(std::string subject, std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(subject), std::move(message)};
}

std::string ExampleName(size_t i) { return "example " + std::to_string(i); }

}  // namespace

std::vector<size_t> CountByClass(const Examples& examples) {
  std::vector<size_t> counts(size_t(std::max(examples.classes, 0)));
  for (const int32_t label : examples.labels) ++counts[size_t(label)];
  return counts;
}

Status CheckExamples(const Examples& examples) {
  const size_t n = examples.size();
  if (n == 0) return Invalid("examples", "there are none: give some of each of at least two classes");
  if (examples.width == 0 || examples.embeddings.size() != n * examples.width) {
    return Invalid("examples", std::to_string(examples.embeddings.size()) + " numbers are not " + std::to_string(n) +
                                   " embeddings of " + std::to_string(examples.width) +
                                   ": embed all examples with the same model");
  }
  if (examples.classes < 2) {
    return Invalid("classes", "are " + std::to_string(examples.classes) + ": there must be at least two to tell apart");
  }
  for (size_t i = 0; i < n; ++i) {
    const int32_t label = examples.labels[i];
    if (label < 0 || label >= examples.classes) {
      return Invalid(ExampleName(i), "has label " + std::to_string(label) + ": labels must lie in 0.." +
                                         std::to_string(examples.classes - 1));
    }
    const std::span<const float> row = examples.row(i);
    if (!std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); })) {
      return Invalid(ExampleName(i), "has a number that is not finite: leave it out, or embed its picture again");
    }
  }
  const std::vector<size_t> counts = CountByClass(examples);
  if (const auto empty = std::find(counts.begin(), counts.end(), size_t(0)); empty != counts.end()) {
    return Invalid("class " + std::to_string(empty - counts.begin()),
                   "has no examples: give some, or leave the class out");
  }
  return {};
}

}  // namespace resnet50
