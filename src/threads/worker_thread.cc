#include "threads/worker_thread.h"

#include <utility>

#if defined(__EMSCRIPTEN__)
#include <emscripten/threading.h>
#endif

#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)
#define RESNET50_THREADS 0
#else
#define RESNET50_THREADS 1
#endif

namespace resnet50 {

#if RESNET50_THREADS
WorkerThread::WorkerThread(std::function<void()> body)
    : body_(std::make_unique<std::function<void()>>(std::move(body))), thread_(std::make_unique<pthread_t>()) {
  const auto run = [](void* of) -> void* {
    (*static_cast<std::function<void()>*>(of))();
    return nullptr;
  };
  if (pthread_create(thread_.get(), nullptr, run, body_.get()) != 0) thread_.reset();
}

WorkerThread::~WorkerThread() {
  if (thread_) pthread_join(*thread_, nullptr);
}
#else
WorkerThread::WorkerThread(std::function<void()> body) : body_(), thread_() { std::move(body) = nullptr; }
WorkerThread::~WorkerThread() = default;
#endif

#if defined(__EMSCRIPTEN_PTHREADS__)
void SleepWhile(std::atomic<uint32_t>& word, uint32_t old) { emscripten_futex_wait(&word, old, __builtin_huge_val()); }
void Wake(std::atomic<uint32_t>& word, uint32_t count) { emscripten_futex_wake(&word, int(count)); }
void SpinOnce() {}  // wasm has no hint to the processor yet
#elif RESNET50_THREADS
void SleepWhile(std::atomic<uint32_t>& word, uint32_t old) { word.wait(old, std::memory_order_acquire); }
void Wake(std::atomic<uint32_t>& word, uint32_t count) {
  if (count == 1) return word.notify_one();
  word.notify_all();
}
void SpinOnce() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}
#else
void SleepWhile(std::atomic<uint32_t>&, uint32_t) {}
void Wake(std::atomic<uint32_t>&, uint32_t) {}
void SpinOnce() {}
#endif

}  // namespace resnet50
