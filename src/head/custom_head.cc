#include "head/custom_head.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace resnet50 {
namespace {

// Cosines closer to 1 than this are those of equal vectors.
constexpr double kSame = 1e-9;

Error Invalid(std::string subject, std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(subject), std::move(message)};
}

bool AllFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

double Dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += double(a[i]) * double(b[i]);
  return sum;
}

std::span<const float> Row(const std::vector<float>& rows, size_t i, size_t width) {
  return std::span(rows).subspan(i * width, width);
}

}  // namespace

Result<LinearHead> LinearHead::Create(std::vector<float> weight, std::vector<float> bias, size_t width) {
  if (bias.empty() || weight.size() != bias.size() * width) {
    return Invalid("fc.weight", "has " + std::to_string(weight.size()) + " numbers, not " +
                                    std::to_string(bias.size()) + " x " + std::to_string(width));
  }
  if (!AllFinite(weight)) return Invalid("fc.weight", "has a number that is not finite");
  if (!AllFinite(bias)) return Invalid("fc.bias", "has a number that is not finite");
  LinearHead head;
  head.weight_ = std::move(weight);
  head.bias_ = std::move(bias);
  return head;
}

void LinearHead::Score(std::span<const float> embedding, std::span<float> logits) const {
  for (size_t c = 0; c < bias_.size(); ++c) {
    logits[c] = float(Dot(Row(weight_, c, embedding.size()), embedding) + double(bias_[c]));
  }
}

std::vector<float> LinearHead::Direction(std::span<const float> embedding, int index) const {
  const std::span<const float> row = Row(weight_, size_t(index), embedding.size());
  return {row.begin(), row.end()};
}

Result<NearestNeighbours> NearestNeighbours::Create(std::vector<float> embeddings, std::span<const int32_t> labels,
                                                    size_t width, int classes, int k) {
  if (labels.empty()) return Invalid("examples", "there are none: give at least one of each class");
  if (embeddings.size() != labels.size() * width) {
    return Invalid("examples", std::to_string(embeddings.size()) + " numbers are not " + std::to_string(labels.size()) +
                                   " embeddings of " + std::to_string(width));
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string name = "example " + std::to_string(i);
    if (labels[i] < 0 || labels[i] >= classes) {
      return Invalid(
          name, "has label " + std::to_string(labels[i]) + ": labels must lie in 0.." + std::to_string(classes - 1));
    }
    const std::span<float> row = std::span(embeddings).subspan(i * width, width);
    if (!AllFinite(row)) return Invalid(name, "has a number that is not finite");
    const double length = std::sqrt(Dot(row, row));
    for (float& v : row) v = length > 0.0 ? float(v / length) : 0.0F;
  }
  if (k < 1 || size_t(k) > labels.size()) {
    return Invalid("k", "must lie in 1.." + std::to_string(labels.size()) + ", the number of examples");
  }
  NearestNeighbours head;
  head.examples_ = std::move(embeddings);
  head.labels_.assign(labels.begin(), labels.end());
  head.classes_ = classes;
  head.k_ = k;
  return head;
}

std::vector<NearestNeighbours::Neighbour> NearestNeighbours::Rank(std::span<const float> embedding) const {
  const double length = std::sqrt(Dot(embedding, embedding));
  std::vector<Neighbour> ranked;
  for (size_t i = 0; i < labels_.size(); ++i) {
    const double product = Dot(Row(examples_, i, embedding.size()), embedding);
    ranked.push_back({i, length > 0.0 ? product / length : 0.0});
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Neighbour& a, const Neighbour& b) { return a.cosine > b.cosine; });
  return ranked;
}

void NearestNeighbours::Score(std::span<const float> embedding, std::span<float> logits) const {
  std::vector<Neighbour> voters = Rank(embedding);
  voters.resize(size_t(k_));
  // An equal example leaves no weight to those that are merely alike.
  const bool same = voters.front().cosine > 1.0 - kSame;
  std::vector<double> votes(logits.size());
  double sum = 0.0;
  for (const Neighbour& voter : voters) {
    const double weight = same ? double(voter.cosine > 1.0 - kSame) : 1.0 / (1.0 - voter.cosine);
    votes[size_t(labels_[voter.row])] += weight;
    sum += weight;
  }
  const double least = std::numeric_limits<float>::min();
  for (size_t c = 0; c < logits.size(); ++c) logits[c] = float(std::log(std::max(votes[c] / sum, least)));
}

std::vector<float> NearestNeighbours::Direction(std::span<const float> embedding, int index) const {
  std::vector<float> direction(embedding.size());
  const std::vector<Neighbour> ranked = Rank(embedding);
  bool found = false;
  for (size_t place = 0; place < ranked.size() && (place < size_t(k_) || !found); ++place) {
    if (labels_[ranked[place].row] != index) continue;
    found = true;
    const std::span<const float> example = Row(examples_, ranked[place].row, embedding.size());
    for (size_t i = 0; i < example.size(); ++i) direction[i] += example[i];
  }
  return direction;
}

}  // namespace resnet50
