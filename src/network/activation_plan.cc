#include "network/activation_plan.h"

#include <algorithm>
#include <numeric>

namespace resnet50 {
namespace {

constexpr size_t kAlignment = 64;  // a cache line, and wider than any vector XNNPACK loads

size_t RoundUp(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

ActivationPlan PlanActivations(const std::vector<TensorLifetime>& tensors, size_t tail_bytes) {
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return tensors[a].bytes > tensors[b].bytes; });

  ActivationPlan plan{std::vector<size_t>(tensors.size()), 0};
  struct Placed {
    size_t begin, end;
    int first, last;
  };
  std::vector<Placed> placed;  // by ascending begin
  for (size_t index : order) {
    const TensorLifetime& tensor = tensors[index];
    const size_t bytes = RoundUp(tensor.bytes + tail_bytes);
    size_t offset = 0;
    for (const Placed& other : placed) {
      const bool overlaps_in_time = other.first <= tensor.last && tensor.first <= other.last;
      if (!overlaps_in_time) continue;
      if (offset + bytes <= other.begin) break;
      offset = std::max(offset, other.end);
    }
    plan.offsets[index] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, offset + bytes);
    const Placed entry{offset, offset + bytes, tensor.first, tensor.last};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), entry,
                                   [](const Placed& a, const Placed& b) { return a.begin < b.begin; }),
                  entry);
  }
  return plan;
}

}  // namespace resnet50
