// Which number of threads is fastest: found by the pictures that a network runs anyway. Processors that a page was told
// of may be taken by others, and containers have quotas, so nobody can know it beforehand.
#pragma once

#include <cstddef>
#include <memory>

namespace resnet50 {

// After some pictures on all threads every other one runs on half of them. If that is faster again and again, it is
// kept, and half of that is tried. A picture that falls behind while it is tried goes on as before, so that what loses
// costs little. Where fewer threads won, more get another chance now and then: a machine may have been busy only at
// first. Pictures of another shape begin anew. Decides by the times of its clock and nothing else.
class ThreadWatch {
 public:
  using Clock = double (*)();  // milliseconds

  struct Shape {
    int n, height, width;
    bool operator==(const Shape&) const = default;
  };

  // most >= 1: how many threads there are. `rows`: steps of a picture.
  ThreadWatch(size_t most, size_t rows, Clock clock);

  // A picture begins; gives the threads for its first row. One that was given up may have come before.
  size_t Begin(const Shape& shape);
  // A row begins.
  void BeginRow();
  // A row ends; gives the threads for the next one.
  size_t EndRow();

  // The number that was found; 0 until it is.
  size_t found() const { return found_ ? kept_ : 0; }

 private:
  // Another number against the kept one.
  void Challenge(size_t rival);
  // The picture on the rival's threads has won, or lost.
  void Judge(bool won);
  void Settle();

  const size_t most_, rows_;
  const Clock clock_;
  Shape shape_{};
  size_t pictures_ = 0;  // of this shape, or since the number was found
  size_t kept_;
  size_t rival_ = 0;  // 0: none
  int wins_ = 0, losses_ = 0;
  bool found_ = false;

  // The picture that runs.
  bool timed_ = false, trying_ = false;
  double row_begun_ = 0, elapsed_ = 0;
  size_t row_ = 0;
  // Of the last picture on the kept threads, from its begin to the end of each row, and how many rows that is.
  const std::unique_ptr<double[]> kept_times_;
  size_t kept_rows_ = 0;
};

}  // namespace resnet50
