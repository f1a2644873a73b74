// A thread, and sleeping until a word in memory changes: what a pool needs of the platform. Modules that were compiled
// without threads can start none.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace resnet50 {

class WorkerThread {
 public:
  // Runs `body` in a thread of its own. Check started(): a page gives a module only so many threads.
  explicit WorkerThread(std::function<void()> body);
  // Joins it.
  ~WorkerThread();
  WorkerThread(WorkerThread&& other) noexcept = default;
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;
  WorkerThread& operator=(WorkerThread&&) = delete;

  bool started() const { return thread_ != nullptr; }

 private:
  std::unique_ptr<std::function<void()>> body_;
  std::unique_ptr<pthread_t> thread_;
};

// Sleeps while the word is `old`; may return early.
void SleepWhile(std::atomic<uint32_t>& word, uint32_t old);
// Wakes up to `count` of those who sleep on the word.
void Wake(std::atomic<uint32_t>& word, uint32_t count);
// Between two looks at a word that another thread is about to change.
void SpinOnce();

}  // namespace resnet50
