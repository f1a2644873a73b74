#include "head/top_k.h"

#include <algorithm>
#include <cmath>

namespace resnet50 {

std::vector<double> Softmax(std::span<const float> logits) {
  std::vector<double> scores(logits.begin(), logits.end());
  if (scores.empty()) return scores;
  const double highest = *std::max_element(scores.begin(), scores.end());
  double sum = 0.0;
  for (double& score : scores) sum += score = std::exp(score - highest);
  for (double& score : scores) score /= sum;
  return scores;
}

std::vector<double> MeanSoftmax(std::span<const float> logits, size_t rows) {
  const size_t classes = logits.size() / rows;
  std::vector<double> mean = Softmax(logits.first(classes));
  if (rows == 1) return mean;
  for (size_t row = 1; row < rows; ++row) {
    const std::vector<double> scores = Softmax(logits.subspan(row * classes, classes));
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
