// The part of pthreadpool's interface (pthreadpool.h) that XNNPACK's operators of this network call, on our own pool:
// pthreadpool's caller waits until every thread has woken and reported, which on a busy machine is later than the work
// is done. Flags ask for nothing that these threads do. Every loop is over a grid: its pieces are numbered, the last
// dimension fastest.
#include <pthreadpool.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "threads/piece_pool.h"
#include "threads/use_threads.h"

struct pthreadpool {
  std::unique_ptr<resnet50::PiecePool> pool;
};

namespace {

// One dimension of a loop: `range` indices in tiles of `tile`, of which the last may be smaller.
struct Dimension {
  size_t range;
  size_t tile = 1;

  size_t tiles() const { return (range + tile - 1) / tile; }
};

// Where a piece begins, and how many indices it has in each dimension.
template <size_t n>
struct Place {
  std::array<size_t, n> at;
  std::array<size_t, n> size;
};

template <size_t n, typename Task>
struct Loop {
  std::array<Dimension, n> dimensions;
  std::array<size_t, n> tiles;
  const Task& task;

  Loop(const std::array<Dimension, n>& all, const Task& one) : dimensions(all), tiles(), task(one) {
    for (size_t d = 0; d < n; ++d) tiles[d] = dimensions[d].tiles();
  }

  size_t Count() const {
    size_t count = 1;
    for (const size_t tile : tiles) count *= tile;
    return count;
  }

  void Do(size_t index, size_t thread) const {
    Place<n> place;
    for (size_t d = n; d-- > 0;) {
      const Dimension& dimension = dimensions[d];
      place.at[d] = index % tiles[d] * dimension.tile;
      place.size[d] = std::min(dimension.tile, dimension.range - place.at[d]);
      index /= tiles[d];
    }
    task(thread, place);
  }
};

// Calls task(thread, place) for each piece of the grid.
template <size_t n, typename Task>
void ForEach(pthreadpool* threads, const std::array<Dimension, n>& dimensions, const Task& task) {
  const Loop<n, Task> loop(dimensions, task);
  const size_t count = loop.Count();
  if (threads == nullptr || count == 1) {
    for (size_t i = 0; i < count; ++i) loop.Do(i, 0);
    return;
  }
  const auto piece = [](const void* of, size_t index, size_t thread) {
    static_cast<const Loop<n, Task>*>(of)->Do(index, thread);
  };
  threads->pool->Run(count, piece, &loop);
}

}  // namespace

void resnet50::UseThreads(pthreadpool* pool, size_t threads) { pool->pool->Use(threads); }

extern "C" {

pthreadpool* pthreadpool_create(size_t threads) {
  if (threads < 2) return nullptr;
  std::unique_ptr<resnet50::PiecePool> pool = resnet50::PiecePool::Create(threads);
  return pool ? new pthreadpool{std::move(pool)} : nullptr;
}

void pthreadpool_destroy(pthreadpool* threads) { delete threads; }

size_t pthreadpool_get_threads_count(pthreadpool* threads) { return threads == nullptr ? 1 : threads->pool->threads(); }

void pthreadpool_parallelize_1d(pthreadpool* threads, pthreadpool_task_1d_t task, void* context, size_t range_i,
                                uint32_t) {
  ForEach<1>(threads, {{{range_i}}}, [&](size_t, const Place<1>& p) { task(context, p.at[0]); });
}

void pthreadpool_parallelize_1d_with_thread(pthreadpool* threads, pthreadpool_task_1d_with_thread_t task, void* context,
                                            size_t range_i, uint32_t) {
  ForEach<1>(threads, {{{range_i}}}, [&](size_t thread, const Place<1>& p) { task(context, thread, p.at[0]); });
}

void pthreadpool_parallelize_1d_tile_1d(pthreadpool* threads, pthreadpool_task_1d_tile_1d_t task, void* context,
                                        size_t range_i, size_t tile_i, uint32_t) {
  ForEach<1>(threads, {{{range_i, tile_i}}}, [&](size_t, const Place<1>& p) { task(context, p.at[0], p.size[0]); });
}

void pthreadpool_parallelize_2d(pthreadpool* threads, pthreadpool_task_2d_t task, void* context, size_t range_i,
                                size_t range_j, uint32_t) {
  ForEach<2>(threads, {{{range_i}, {range_j}}}, [&](size_t, const Place<2>& p) { task(context, p.at[0], p.at[1]); });
}

void pthreadpool_parallelize_2d_with_thread(pthreadpool* threads, pthreadpool_task_2d_with_thread_t task, void* context,
                                            size_t range_i, size_t range_j, uint32_t) {
  ForEach<2>(threads, {{{range_i}, {range_j}}},
             [&](size_t thread, const Place<2>& p) { task(context, thread, p.at[0], p.at[1]); });
}

void pthreadpool_parallelize_2d_tile_1d(pthreadpool* threads, pthreadpool_task_2d_tile_1d_t task, void* context,
                                        size_t range_i, size_t range_j, size_t tile_j, uint32_t) {
  ForEach<2>(threads, {{{range_i}, {range_j, tile_j}}},
             [&](size_t, const Place<2>& p) { task(context, p.at[0], p.at[1], p.size[1]); });
}

void pthreadpool_parallelize_2d_tile_2d(pthreadpool* threads, pthreadpool_task_2d_tile_2d_t task, void* context,
                                        size_t range_i, size_t range_j, size_t tile_i, size_t tile_j, uint32_t) {
  ForEach<2>(threads, {{{range_i, tile_i}, {range_j, tile_j}}},
             [&](size_t, const Place<2>& p) { task(context, p.at[0], p.at[1], p.size[0], p.size[1]); });
}

void pthreadpool_parallelize_3d(pthreadpool* threads, pthreadpool_task_3d_t task, void* context, size_t range_i,
                                size_t range_j, size_t range_k, uint32_t) {
  ForEach<3>(threads, {{{range_i}, {range_j}, {range_k}}},
             [&](size_t, const Place<3>& p) { task(context, p.at[0], p.at[1], p.at[2]); });
}

void pthreadpool_parallelize_3d_tile_1d(pthreadpool* threads, pthreadpool_task_3d_tile_1d_t task, void* context,
                                        size_t range_i, size_t range_j, size_t range_k, size_t tile_k, uint32_t) {
  ForEach<3>(threads, {{{range_i}, {range_j}, {range_k, tile_k}}},
             [&](size_t, const Place<3>& p) { task(context, p.at[0], p.at[1], p.at[2], p.size[2]); });
}

void pthreadpool_parallelize_3d_tile_1d_with_thread(pthreadpool* threads,
                                                    pthreadpool_task_3d_tile_1d_with_thread_t task, void* context,
                                                    size_t range_i, size_t range_j, size_t range_k, size_t tile_k,
                                                    uint32_t) {
  ForEach<3>(threads, {{{range_i}, {range_j}, {range_k, tile_k}}},
             [&](size_t thread, const Place<3>& p) { task(context, thread, p.at[0], p.at[1], p.at[2], p.size[2]); });
}

void pthreadpool_parallelize_3d_tile_2d(pthreadpool* threads, pthreadpool_task_3d_tile_2d_t task, void* context,
                                        size_t range_i, size_t range_j, size_t range_k, size_t tile_j, size_t tile_k,
                                        uint32_t) {
  ForEach<3>(threads, {{{range_i}, {range_j, tile_j}, {range_k, tile_k}}},
             [&](size_t, const Place<3>& p) { task(context, p.at[0], p.at[1], p.at[2], p.size[1], p.size[2]); });
}

void pthreadpool_parallelize_4d(pthreadpool* threads, pthreadpool_task_4d_t task, void* context, size_t range_i,
                                size_t range_j, size_t range_k, size_t range_l, uint32_t) {
  ForEach<4>(threads, {{{range_i}, {range_j}, {range_k}, {range_l}}},
             [&](size_t, const Place<4>& p) { task(context, p.at[0], p.at[1], p.at[2], p.at[3]); });
}

void pthreadpool_parallelize_4d_tile_2d(pthreadpool* threads, pthreadpool_task_4d_tile_2d_t task, void* context,
                                        size_t range_i, size_t range_j, size_t range_k, size_t range_l, size_t tile_k,
                                        size_t tile_l, uint32_t) {
  ForEach<4>(threads, {{{range_i}, {range_j}, {range_k, tile_k}, {range_l, tile_l}}}, [&](size_t, const Place<4>& p) {
    task(context, p.at[0], p.at[1], p.at[2], p.at[3], p.size[2], p.size[3]);
  });
}

void pthreadpool_parallelize_5d(pthreadpool* threads, pthreadpool_task_5d_t task, void* context, size_t range_i,
                                size_t range_j, size_t range_k, size_t range_l, size_t range_m, uint32_t) {
  ForEach<5>(threads, {{{range_i}, {range_j}, {range_k}, {range_l}, {range_m}}},
             [&](size_t, const Place<5>& p) { task(context, p.at[0], p.at[1], p.at[2], p.at[3], p.at[4]); });
}

void pthreadpool_parallelize_5d_tile_2d(pthreadpool* threads, pthreadpool_task_5d_tile_2d_t task, void* context,
                                        size_t range_i, size_t range_j, size_t range_k, size_t range_l, size_t range_m,
                                        size_t tile_l, size_t tile_m, uint32_t) {
  ForEach<5>(threads, {{{range_i}, {range_j}, {range_k}, {range_l, tile_l}, {range_m, tile_m}}},
             [&](size_t, const Place<5>& p) {
               task(context, p.at[0], p.at[1], p.at[2], p.at[3], p.at[4], p.size[3], p.size[4]);
             });
}

void pthreadpool_parallelize_6d_tile_2d(pthreadpool* threads, pthreadpool_task_6d_tile_2d_t task, void* context,
                                        size_t range_i, size_t range_j, size_t range_k, size_t range_l, size_t range_m,
                                        size_t range_n, size_t tile_m, size_t tile_n, uint32_t) {
  ForEach<6>(threads, {{{range_i}, {range_j}, {range_k}, {range_l}, {range_m, tile_m}, {range_n, tile_n}}},
             [&](size_t, const Place<6>& p) {
               task(context, p.at[0], p.at[1], p.at[2], p.at[3], p.at[4], p.at[5], p.size[4], p.size[5]);
             });
}

}  // extern "C"
