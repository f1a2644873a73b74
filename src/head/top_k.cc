#include "head/top_k.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace resnet50 {
namespace {

std::vector<double> Scores(std::span<const float> logits, Activation activation) {
  if (activation == Activation::kSoftmax) return Softmax(logits);
  std::vector<double> scores(logits.begin(), logits.end());
  if (activation == Activation::kNone) return scores;
  for (double& score : scores) score = 1.0 / (1.0 + std::exp(-score));
  return scores;
}

}  // namespace

std::vector<double> Softmax(std::span<const float> logits) {
  std::vector<double> scores(logits.begin(), logits.end());
  if (scores.empty()) return scores;
  const double highest = *std::max_element(scores.begin(), scores.end());
  double sum = 0.0;
  for (double& score : scores) sum += score = std::exp(score - highest);
  for (double& score : scores) score /= sum;
  return scores;
}

Result<std::vector<double>> MeanScores(std::span<const float> logits, size_t rows, Activation activation) {
  const size_t classes = logits.size() / rows;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isfinite(logits[i])) continue;
    return Error{ErrorCode::kNotFinite,
                 {},
                 "the logit of class " + std::to_string(i % classes) +
                     " is not a finite number: the weights or a std near 0 make values overflow"};
  }
  std::vector<double> mean = Scores(logits.first(classes), activation);
  if (rows == 1) return mean;
  for (size_t row = 1; row < rows; ++row) {
    const std::vector<double> scores = Scores(logits.subspan(row * classes, classes), activation);
    for (size_t i = 0; i < classes; ++i) mean[i] += scores[i];
  }
  for (double& score : mean) score /= double(rows);
  return mean;
}

std::vector<ScoredClass> TopK(std::span<const double> scores, const TopKOptions& options) {
  std::vector<ScoredClass> classes;
  for (size_t i = 0; i < scores.size(); ++i) {
    const bool shown = options.allowed.empty() || (i < options.allowed.size() && options.allowed[i] != 0);
    if (shown && scores[i] >= options.threshold) classes.push_back({int(i), scores[i]});
  }
  const auto better = [](const ScoredClass& a, const ScoredClass& b) {
    return a.score != b.score ? a.score > b.score : a.index < b.index;
  };
  const size_t k = std::min(options.k, classes.size());
  std::partial_sort(classes.begin(), classes.begin() + ptrdiff_t(k), classes.end(), better);
  classes.resize(k);
  return classes;
}

}  // namespace resnet50
