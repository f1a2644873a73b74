#include "network/thread_watch.h"

#include <algorithm>

namespace resnet50 {
namespace {

// Pictures that are not timed: engines still compile, and a first label must not wait.
constexpr size_t kWarmUp = 3;
// Faster means by this much: less is noise.
constexpr double kFaster = 0.95;
// A picture that is so far behind after an eighth of its rows has lost.
constexpr double kBehind = 1.25;
constexpr size_t kShareOfRows = 8;
// Pairs of pictures, one on each number of threads: so many wins before so many losses.
constexpr int kWins = 4;
constexpr int kLosses = 2;
// Pictures until more threads get another chance.
constexpr size_t kAnotherChance = 50;

}  // namespace

ThreadWatch::ThreadWatch(size_t most, size_t rows, Clock clock)
    : most_(most), rows_(rows), clock_(clock), kept_(most), kept_times_(new double[rows]) {}

size_t ThreadWatch::Begin(const Shape& shape) {
  if (shape != shape_) {
    shape_ = shape;
    pictures_ = 0;
    kept_ = most_;
    found_ = false;
    Challenge(most_ / 2);
  }
  ++pictures_;
  if (found_ && rival_ == 0 && kept_ < most_ && pictures_ > kAnotherChance) Challenge(std::min(most_, 2 * kept_));
  timed_ = rival_ != 0 && pictures_ > kWarmUp;
  trying_ = timed_ && kept_rows_ == rows_;
  if (!trying_) kept_rows_ = 0;
  elapsed_ = 0;
  row_ = 0;
  return trying_ ? rival_ : kept_;
}

void ThreadWatch::BeginRow() {
  if (timed_) row_begun_ = clock_();
}

size_t ThreadWatch::EndRow() {
  if (!timed_) return kept_;
  elapsed_ += clock_() - row_begun_;
  ++row_;
  if (!trying_) {
    kept_times_[kept_rows_++] = elapsed_;
    return kept_;
  }
  const bool behind = row_ >= rows_ / kShareOfRows && elapsed_ > kBehind * kept_times_[row_ - 1];
  if (!behind && row_ < rows_) return rival_;
  Judge(!behind && elapsed_ < kFaster * kept_times_[rows_ - 1]);
  return kept_;
}

void ThreadWatch::Challenge(size_t rival) {
  rival_ = rival;
  wins_ = losses_ = 0;
  kept_rows_ = 0;
}

void ThreadWatch::Judge(bool won) {
  timed_ = trying_ = false;
  kept_rows_ = 0;
  ++(won ? wins_ : losses_);
  if (losses_ == kLosses) return Settle();
  if (wins_ < kWins) return;
  const bool fewer = rival_ < kept_;
  kept_ = rival_;
  Challenge(fewer ? kept_ / 2 : std::min(most_, 2 * kept_));
  if (rival_ == kept_) rival_ = 0;
  if (rival_ == 0) Settle();
}

void ThreadWatch::Settle() {
  rival_ = 0;
  pictures_ = 0;
  found_ = true;
}

}  // namespace resnet50
