// Minimises a smooth convex function without anything to tune: L-BFGS (Nocedal and Wright, "Numerical Optimization",
// 2nd ed., algorithms 7.4 and 7.5) with a backtracking line search. Knows nothing of what it minimises.
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <vector>

namespace resnet50 {

class Lbfgs {
 public:
  // The value at x; fills the gradient. Both of the same length always.
  using Function = std::function<double(std::span<const double> x, std::span<double> gradient)>;

  // Evaluates the function at the start.
  Lbfgs(Function function, std::vector<double> start);

  // One iteration. False where no step makes the value smaller: the minimum, as far as its arithmetic can tell.
  bool Step();

  const std::vector<double>& x() const { return x_; }
  double value() const { return value_; }
  // The largest component of the gradient.
  double slope() const;

 private:
  // What a past step taught: the change of x, that of the gradient, and 1 / their product.
  struct Pair {
    std::vector<double> step, change;
    double inverse;
  };

  std::vector<double> Direction() const;
  void Remember(std::span<const double> x, std::span<const double> gradient);

  Function function_;
  std::vector<double> x_, gradient_;
  double value_;
  std::deque<Pair> memory_;
};

}  // namespace resnet50
