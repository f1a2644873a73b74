#include "network/parallel.h"

#include <pthreadpool.h>

namespace resnet50 {

void ParallelFor(const ThreadPool& pool, size_t count, const std::function<void(size_t)>& round) {
  if (count == 0) return;
  const auto call = [](void* context, size_t i) { (*static_cast<const std::function<void(size_t)>*>(context))(i); };
  pthreadpool_parallelize_1d(pool.get(), call, const_cast<std::function<void(size_t)>*>(&round), count, 0);
}

}  // namespace resnet50
