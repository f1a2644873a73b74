// Threads that share the pieces of one loop at a time. The caller works too, and goes on as soon as all pieces are
// done: it never waits for a thread that took none. Threads that wake late, as on a busy machine, find the loop over
// and join the next one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "threads/worker_thread.h"

namespace resnet50 {

class PiecePool {
 public:
  // threads >= 2, the caller's among them. Null where threads cannot be started, or memory ran out.
  static std::unique_ptr<PiecePool> Create(size_t threads);
  // Ends and joins the threads.
  ~PiecePool();
  PiecePool(const PiecePool&) = delete;
  PiecePool& operator=(const PiecePool&) = delete;

  size_t threads() const { return threads_; }
  // Works on fewer of them from the next loop on, or on more again: 1 to threads(), the caller's among them. The others
  // sleep. By the caller, between loops.
  void Use(size_t threads);

  // What is done of a piece; `thread` < threads(), 0 for the caller.
  using Piece = void (*)(const void* context, size_t index, size_t thread);
  // Calls `piece` once for each of 0..count-1, in any order, and returns when all calls have. count < 2^32. One caller
  // at a time; pieces must not call it.
  void Run(size_t count, Piece piece, const void* context);

 private:
  // What is left of a thread's own share of the loop: begin in the lower half of the word, end in the upper. Its thread
  // takes from the front, the others from the back. A share is only filled when all pieces of the last loop are done,
  // so whoever takes a piece may rely on piece_ and context_ until it has counted it as done.
  struct alignas(64) Share {
    std::atomic<uint64_t> range{0};
  };

  // How a thread waits for a word to change: it watches for a while, unless that was in vain of late, and then sleeps.
  class Patience {
   public:
    // Returns when the word is no longer `old`; counts itself in `sleepers` while it sleeps.
    void WaitWhile(std::atomic<uint32_t>& word, uint32_t old, std::atomic<uint32_t>& sleepers);

   private:
    int in_vain_ = 0;
  };

  explicit PiecePool(size_t threads);

  void Work(size_t thread);
  // Sleeps while the thread is not used.
  void Rest(size_t thread);
  // Pieces until none is left, own ones first; counts them as done.
  void TakePieces(size_t thread);
  bool TakeFront(Share& share, size_t& index);
  bool TakeBack(Share& share, size_t& index);

  const size_t threads_;
  std::unique_ptr<Share[]> shares_;  // by thread
  std::vector<WorkerThread> workers_;
  Patience patience_;  // the caller's

  // The loop. Written while no piece is left, published by the shares.
  Piece piece_ = nullptr;
  const void* context_ = nullptr;
  std::atomic<uint32_t> used_;                       // threads
  alignas(64) std::atomic<uint32_t> unfinished_{0};  // pieces
  std::atomic<uint32_t> waiting_callers_{0};
  alignas(64) std::atomic<uint32_t> loops_{0};  // how many there were, and one more at the end
  std::atomic<uint32_t> sleepers_{0};
  std::atomic<bool> ending_{false};
};

}  // namespace resnet50
