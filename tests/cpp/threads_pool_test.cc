// The pool and its loops: every piece once, nothing of a loop that is over, for any number of threads on any machine.
#include <gtest/gtest.h>
#include <pthreadpool.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "threads/piece_pool.h"

namespace resnet50 {
namespace {

using Arguments = std::vector<size_t>;

// The calls of a loop: how often it was called with which arguments.
class Calls {
 public:
  void Add(const Arguments& arguments) {
    const std::lock_guard lock(mutex_);
    ++calls_[arguments];
  }
  const std::map<Arguments, int>& all() const { return calls_; }

 private:
  std::mutex mutex_;
  std::map<Arguments, int> calls_;
};

template <typename... Sizes>
void Record(void* calls, Sizes... arguments) {
  static_cast<Calls*>(calls)->Add({arguments...});
}

// The same with the thread first, which must be one of the pool's four.
template <typename... Sizes>
void RecordWithThread(void* calls, size_t thread, Sizes... arguments) {
  EXPECT_LT(thread, 4U);
  static_cast<Calls*>(calls)->Add({arguments...});
}

// What nested loops over the ranges call: begins of all dimensions, then sizes of the tiled ones, which are the last.
std::map<Arguments, int> Expected(const Arguments& ranges, const Arguments& tiles) {
  std::map<Arguments, int> calls;
  const size_t untiled = ranges.size() - tiles.size();
  Arguments at(ranges.size(), 0);
  for (;;) {
    Arguments arguments = at;
    for (size_t t = 0; t < tiles.size(); ++t) {
      arguments.push_back(std::min(tiles[t], ranges[untiled + t] - at[untiled + t]));
    }
    calls[arguments] = 1;
    size_t d = ranges.size();
    for (; d > 0; --d) {
      at[d - 1] += d - 1 >= untiled ? tiles[d - 1 - untiled] : 1;
      if (at[d - 1] < ranges[d - 1]) break;
      at[d - 1] = 0;
    }
    if (d == 0) return calls;
  }
}

TEST(Loops, EachOfPthreadpoolsVisitsItsGridOnce) {
  struct Destroy {
    void operator()(pthreadpool* pool) const { pthreadpool_destroy(pool); }
  };
  const std::unique_ptr<pthreadpool, Destroy> four(pthreadpool_create(4));
  ASSERT_NE(four, nullptr);
  EXPECT_EQ(pthreadpool_get_threads_count(four.get()), 4U);
  EXPECT_EQ(pthreadpool_get_threads_count(nullptr), 1U);
  EXPECT_EQ(pthreadpool_create(1), nullptr);  // no pool: the caller does all
  for (pthreadpool* pool : {four.get(), static_cast<pthreadpool*>(nullptr)}) {
    const auto check = [](const char* name, const Arguments& ranges, const Arguments& tiles, auto run) {
      Calls calls;
      run(&calls);
      EXPECT_EQ(calls.all(), Expected(ranges, tiles)) << name;
    };
    using S = size_t;
    check("1d", {7}, {}, [&](void* c) { pthreadpool_parallelize_1d(pool, Record<S>, c, 7, 0); });
    check("1d, threads", {7}, {},
          [&](void* c) { pthreadpool_parallelize_1d_with_thread(pool, RecordWithThread<S>, c, 7, 0); });
    check("1d, tiles", {7}, {3}, [&](void* c) { pthreadpool_parallelize_1d_tile_1d(pool, Record<S, S>, c, 7, 3, 0); });
    check("2d", {3, 5}, {}, [&](void* c) { pthreadpool_parallelize_2d(pool, Record<S, S>, c, 3, 5, 0); });
    check("2d, threads", {3, 5}, {},
          [&](void* c) { pthreadpool_parallelize_2d_with_thread(pool, RecordWithThread<S, S>, c, 3, 5, 0); });
    check("2d, 1 tile", {3, 5}, {2},
          [&](void* c) { pthreadpool_parallelize_2d_tile_1d(pool, Record<S, S, S>, c, 3, 5, 2, 0); });
    check("2d, 2 tiles", {7, 5}, {3, 5},
          [&](void* c) { pthreadpool_parallelize_2d_tile_2d(pool, Record<S, S, S, S>, c, 7, 5, 3, 5, 0); });
    check("3d", {2, 3, 4}, {}, [&](void* c) { pthreadpool_parallelize_3d(pool, Record<S, S, S>, c, 2, 3, 4, 0); });
    check("3d, 1 tile", {2, 3, 4}, {3},
          [&](void* c) { pthreadpool_parallelize_3d_tile_1d(pool, Record<S, S, S, S>, c, 2, 3, 4, 3, 0); });
    check("3d, 1 tile, threads", {2, 3, 4}, {3}, [&](void* c) {
      pthreadpool_parallelize_3d_tile_1d_with_thread(pool, RecordWithThread<S, S, S, S>, c, 2, 3, 4, 3, 0);
    });
    check("3d, 2 tiles", {2, 3, 4}, {2, 8},
          [&](void* c) { pthreadpool_parallelize_3d_tile_2d(pool, Record<S, S, S, S, S>, c, 2, 3, 4, 2, 8, 0); });
    check("4d", {2, 1, 3, 2}, {},
          [&](void* c) { pthreadpool_parallelize_4d(pool, Record<S, S, S, S>, c, 2, 1, 3, 2, 0); });
    check("4d, 2 tiles", {2, 1, 3, 5}, {2, 2},
          [&](void* c) { pthreadpool_parallelize_4d_tile_2d(pool, Record<S, S, S, S, S, S>, c, 2, 1, 3, 5, 2, 2, 0); });
    check("5d", {2, 1, 3, 2, 2}, {},
          [&](void* c) { pthreadpool_parallelize_5d(pool, Record<S, S, S, S, S>, c, 2, 1, 3, 2, 2, 0); });
    check("5d, 2 tiles", {2, 1, 3, 2, 5}, {1, 3}, [&](void* c) {
      pthreadpool_parallelize_5d_tile_2d(pool, Record<S, S, S, S, S, S, S>, c, 2, 1, 3, 2, 5, 1, 3, 0);
    });
    check("6d, 2 tiles", {2, 1, 2, 2, 3, 5}, {2, 4}, [&](void* c) {
      pthreadpool_parallelize_6d_tile_2d(pool, Record<S, S, S, S, S, S, S, S>, c, 2, 1, 2, 2, 3, 5, 2, 4, 0);
    });
    Calls none;
    pthreadpool_parallelize_2d(pool, Record<S, S>, &none, 0, 5, 0);
    EXPECT_TRUE(none.all().empty());
  }
}

// A loop whose context is gone when it is over: a thread that is late must not touch it.
struct Counted {
  std::vector<std::atomic<int>> visits;
  size_t threads;
};

void Visit(const void* context, size_t index, size_t thread) {
  auto* counted = const_cast<Counted*>(static_cast<const Counted*>(context));
  EXPECT_LT(thread, counted->threads);
  counted->visits[index].fetch_add(1, std::memory_order_relaxed);
}

TEST(PiecePool, LoopsOneAfterTheOtherGetEachPieceOnce) {
  for (const size_t threads : {2U, 3U, 8U}) {
    const std::unique_ptr<PiecePool> pool = PiecePool::Create(threads);
    ASSERT_NE(pool, nullptr);
    EXPECT_EQ(pool->threads(), threads);
    for (int round = 0; round < 2000; ++round) {
      for (const size_t count : {1U, 2U, 5U, 64U}) {
        const auto counted = std::make_unique<Counted>(Counted{std::vector<std::atomic<int>>(count), threads});
        pool->Run(count, Visit, counted.get());
        for (const std::atomic<int>& visits : counted->visits) ASSERT_EQ(visits.load(), 1);
      }
    }
  }
}

TEST(PiecePool, AThreadInTheMiddleOfAPieceIsWaitedFor) {
  const std::unique_ptr<PiecePool> pool = PiecePool::Create(2);
  // Each piece waits until the other has begun: only two threads can do both, and both must be done in the end.
  struct Meeting {
    std::atomic<int> begun{0}, done{0};
  };
  for (int round = 0; round < 50; ++round) {
    Meeting meeting;
    pool->Run(
        2,
        [](const void* context, size_t, size_t) {
          auto* both = const_cast<Meeting*>(static_cast<const Meeting*>(context));
          both->begun.fetch_add(1);
          while (both->begun.load() < 2) SpinOnce();
          both->done.fetch_add(1);
        },
        &meeting);
    ASSERT_EQ(meeting.done.load(), 2);
  }
}

TEST(PiecePool, WorksOnFewerThreadsAndOnMoreAgain) {
  const std::unique_ptr<PiecePool> pool = PiecePool::Create(4);
  ASSERT_NE(pool, nullptr);
  for (int round = 0; round < 500; ++round) {
    for (const size_t used : {1U, 4U, 2U, 3U}) {
      pool->Use(used);
      for (const size_t count : {1U, 3U, 64U}) {
        const auto counted = std::make_unique<Counted>(Counted{std::vector<std::atomic<int>>(count), 4});
        pool->Run(count, Visit, counted.get());
        for (const std::atomic<int>& visits : counted->visits) ASSERT_EQ(visits.load(), 1);
      }
    }
  }
  EXPECT_EQ(pool->threads(), 4U);
}

TEST(PiecePool, ThreadsThatAreNotUsedTakeNoPiece) {
  const std::unique_ptr<PiecePool> pool = PiecePool::Create(3);
  ASSERT_NE(pool, nullptr);
  pool->Use(1);
  // A thread that was about to look for pieces when it was put to rest may still take some, and lie in the way for as
  // long as the machine likes.
  int alone = 0;
  for (int round = 0; round < 100'000 && alone < 100; ++round) {
    std::atomic<int> others{0};
    pool->Run(
        64,
        [](const void* context, size_t, size_t thread) {
          for (int i = 0; i < 100; ++i) SpinOnce();
          if (thread > 0) const_cast<std::atomic<int>*>(static_cast<const std::atomic<int>*>(context))->fetch_add(1);
        },
        &others);
    alone = others.load() == 0 ? alone + 1 : 0;
  }
  EXPECT_EQ(alone, 100);
}

TEST(PiecePool, EndsWithItsThreadsAsleepOrAwake) {
  for (int round = 0; round < 100; ++round) {
    const std::unique_ptr<PiecePool> pool = PiecePool::Create(4);
    ASSERT_NE(pool, nullptr);
    Counted counted{std::vector<std::atomic<int>>(3), 4};
    if (round % 3 == 0) pool->Use(1);
    if (round % 2 == 0) pool->Run(3, Visit, &counted);
  }
}

}  // namespace
}  // namespace resnet50
