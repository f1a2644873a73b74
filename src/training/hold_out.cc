#include "training/hold_out.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/random.h"

namespace resnet50 {
namespace {

constexpr double kMaxShare = 0.9;

// Fisher and Yates.
void Shuffle(std::vector<size_t>& rows, Random& random) {
  for (size_t left = rows.size(); left > 1; --left) std::swap(rows[left - 1], rows[random.Next() % left]);
}

}  // namespace

Result<Split> HoldOut(const Examples& examples, double share, uint32_t seed) {
  if (!(share >= 0.0 && share <= kMaxShare)) {
    return Error{ErrorCode::kInvalidArgument, "holdOut", "must be a share of the examples, 0 to 0.9"};
  }
  std::vector<std::vector<size_t>> by_class(size_t(examples.classes));
  for (size_t i = 0; i < examples.size(); ++i) by_class[size_t(examples.labels[i])].push_back(i);
  Split split;
  Random random(seed);
  for (size_t c = 0; c < by_class.size(); ++c) {
    std::vector<size_t>& rows = by_class[c];
    if (share > 0.0 && rows.size() < 2) {
      return Error{
          ErrorCode::kInvalidArgument, "holdOut",
          "class " + std::to_string(c) + " has one example, too few to hold one out: give more, or hold out none (0)"};
    }
    Shuffle(rows, random);
    const double wanted = std::round(share * double(rows.size()));
    const size_t held = share > 0.0 ? std::clamp(size_t(wanted), size_t(1), rows.size() - 1) : 0;
    split.held_out.insert(split.held_out.end(), rows.begin(), rows.begin() + ptrdiff_t(held));
    split.trained.insert(split.trained.end(), rows.begin() + ptrdiff_t(held), rows.end());
  }
  std::sort(split.trained.begin(), split.trained.end());
  std::sort(split.held_out.begin(), split.held_out.end());
  return split;
}

}  // namespace resnet50
