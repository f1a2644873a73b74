#include "threads/piece_pool.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace resnet50 {
namespace {

// Looks at a word before a thread goes to sleep: some 100 microseconds, longer than a piece of most operators and than
// the pauses between the operators of a picture. With a tenth of it, two threads took 57 ms where they now take 42.
constexpr int kLooks = 100'000;
// After so many waits that ended in sleep all the same (as between pictures: one each) a thread watches only now and
// then.
constexpr int kInVain = 4;
constexpr int kNowAndThen = 16;
constexpr uint32_t kAll = std::numeric_limits<int32_t>::max();

uint32_t BeginOf(uint64_t range) { return uint32_t(range); }
uint32_t EndOf(uint64_t range) { return uint32_t(range >> 32); }
uint64_t RangeOf(uint64_t begin, uint64_t end) { return end << 32 | begin; }

}  // namespace

void PiecePool::Patience::WaitWhile(std::atomic<uint32_t>& word, uint32_t old, std::atomic<uint32_t>& sleepers) {
  if (in_vain_ < kInVain || in_vain_ % kNowAndThen == 0) {
    for (int i = 0; i < kLooks; ++i) {
      if (word.load(std::memory_order_acquire) != old) {
        in_vain_ = 0;
        return;
      }
      SpinOnce();
    }
  }
  ++in_vain_;
  // Sequentially consistent, as is the change of the word: whoever changes it sees the sleeper, or the sleeper the
  // change.
  sleepers.fetch_add(1);
  while (word.load() == old) SleepWhile(word, old);
  sleepers.fetch_sub(1);
}

PiecePool::PiecePool(size_t threads)
    : threads_(threads), shares_(std::make_unique<Share[]>(threads)), used_(uint32_t(threads)) {}

std::unique_ptr<PiecePool> PiecePool::Create(size_t threads) {
  RESNET50_CHECK(threads >= 2);
  std::unique_ptr<PiecePool> pool(new PiecePool(threads));
  for (size_t thread = 1; thread < threads; ++thread) {
    pool->workers_.emplace_back([own = pool.get(), thread] { own->Work(thread); });
    if (!pool->workers_.back().started()) return nullptr;
  }
  return pool;
}

PiecePool::~PiecePool() {
  ending_.store(true);
  Use(threads_);
  workers_.clear();
}

void PiecePool::Use(size_t threads) {
  RESNET50_CHECK(threads >= 1 && threads <= threads_);
  used_.store(uint32_t(threads));
  Wake(used_, kAll);
  // Those who sleep until the next loop look whether they are still used: a loop must not wake the others instead.
  loops_.fetch_add(1);
  Wake(loops_, kAll);
}

void PiecePool::Rest(size_t thread) {
  for (uint32_t used = used_.load(); used <= thread; used = used_.load()) SleepWhile(used_, used);
}

void PiecePool::Work(size_t thread) {
  Patience patience;
  for (;;) {
    Rest(thread);
    const uint32_t seen = loops_.load();
    if (ending_.load()) return;
    if (used_.load() <= thread) continue;
    TakePieces(thread);
    patience.WaitWhile(loops_, seen, sleepers_);
  }
}

void PiecePool::Run(size_t count, Piece piece, const void* context) {
  RESNET50_CHECK(uint64_t(count) <= std::numeric_limits<uint32_t>::max());
  if (count == 0) return;
  piece_ = piece;
  context_ = context;
  unfinished_.store(uint32_t(count), std::memory_order_relaxed);
  const size_t used = used_.load(std::memory_order_relaxed);  // shares of the others stay empty
  for (size_t t = 0; t < used; ++t) {
    shares_[t].range.store(RangeOf(uint64_t(count) * t / used, uint64_t(count) * (t + 1) / used),
                           std::memory_order_release);
  }
  if (count > 1 && used > 1) {
    loops_.fetch_add(1);
    if (sleepers_.load() > 0) Wake(loops_, uint32_t(std::min(count, used) - 1));
  }
  TakePieces(0);
  for (;;) {
    // What is left is in the hands of threads that have begun it.
    const uint32_t unfinished = unfinished_.load(std::memory_order_acquire);
    if (unfinished == 0) return;
    patience_.WaitWhile(unfinished_, unfinished, waiting_callers_);
  }
}

void PiecePool::TakePieces(size_t thread) {
  uint32_t taken = 0;
  size_t index = 0;
  // Own pieces, and then those that others have not got to.
  for (size_t i = 0; i < threads_; ++i) {
    Share& share = shares_[(thread + i) % threads_];
    while (i == 0 ? TakeFront(share, index) : TakeBack(share, index)) {
      piece_(context_, index, thread);
      ++taken;
    }
  }
  if (taken == 0) return;
  // The last use of the loop by this thread: now another one may be written.
  if (unfinished_.fetch_sub(taken) == taken && waiting_callers_.load() > 0) Wake(unfinished_, 1);
}

bool PiecePool::TakeFront(Share& share, size_t& index) {
  uint64_t range = share.range.load(std::memory_order_relaxed);
  while (BeginOf(range) < EndOf(range)) {
    const uint64_t rest = RangeOf(BeginOf(range) + uint64_t(1), EndOf(range));
    if (!share.range.compare_exchange_weak(range, rest, std::memory_order_acquire, std::memory_order_relaxed)) continue;
    index = BeginOf(range);
    return true;
  }
  return false;
}

bool PiecePool::TakeBack(Share& share, size_t& index) {
  uint64_t range = share.range.load(std::memory_order_relaxed);
  while (BeginOf(range) < EndOf(range)) {
    const uint64_t rest = RangeOf(BeginOf(range), EndOf(range) - uint64_t(1));
    if (!share.range.compare_exchange_weak(range, rest, std::memory_order_acquire, std::memory_order_relaxed)) continue;
    index = EndOf(range) - size_t(1);
    return true;
  }
  return false;
}

}  // namespace resnet50
