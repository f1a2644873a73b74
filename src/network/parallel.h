// A loop whose rounds may run on several threads. What a round computes must not depend on the others: then the result
// is the same for every number of threads.
#pragma once

#include <cstddef>
#include <functional>

#include "network/operators.h"

namespace resnet50 {

// Calls `round` once for each of 0..count-1, in any order.
void ParallelFor(const ThreadPool& pool, size_t count, const std::function<void(size_t)>& round);

}  // namespace resnet50
