// What pthreadpool's interface does not have: a pool that works on fewer threads than it was made with.
#pragma once

#include <cstddef>

struct pthreadpool;

namespace resnet50 {

// Of a pool that pthreadpool_create made, the caller's own thread among them: 1 to as many as it has. Between loops.
void UseThreads(pthreadpool* pool, size_t threads);

}  // namespace resnet50
