// The optimizer on functions whose minimum is known.
#include <gtest/gtest.h>

#include <cmath>

#include "training/lbfgs.h"

namespace resnet50 {
namespace {

TEST(Lbfgs, MinimisesABadlyConditionedParabola) {
  const size_t n = 50;
  const auto curvature = [](size_t i) { return std::pow(10.0, 3.0 * double(i) / double(n)); };  // 1 to 1000
  Lbfgs optimizer(
      [&](std::span<const double> x, std::span<double> gradient) {
        double value = 0.0;
        for (size_t i = 0; i < n; ++i) {
          const double offset = x[i] - double(i);
          gradient[i] = curvature(i) * offset;
          value += 0.5 * gradient[i] * offset;
        }
        return value;
      },
      std::vector<double>(n));
  int steps = 0;
  while (optimizer.slope() > 1e-6 && steps < 500 && optimizer.Step()) ++steps;
  EXPECT_LT(steps, 350);
  for (size_t i = 0; i < n; ++i) EXPECT_NEAR(optimizer.x()[i], double(i), 1e-5);
}

TEST(Lbfgs, EndsAtTheMinimum) {
  Lbfgs optimizer(
      [](std::span<const double> x, std::span<double> gradient) {
        gradient[0] = std::tanh(x[0] - 3.0);
        return std::log(std::cosh(x[0] - 3.0));
      },
      {0.0});
  int steps = 0;
  while (optimizer.Step()) ASSERT_LT(++steps, 100);
  EXPECT_NEAR(optimizer.x()[0], 3.0, 1e-6);
}

TEST(Lbfgs, NeverTakesAStepToNothing) {
  // Not a number beyond 2; the minimum lies before it.
  Lbfgs optimizer(
      [](std::span<const double> x, std::span<double> gradient) {
        gradient[0] = -10.0 + 10.0 / (2.0 - x[0]);
        return x[0] < 2.0 ? -10.0 * x[0] - 10.0 * std::log(2.0 - x[0]) : std::nan("");
      },
      {-30.0});
  for (int i = 0; i < 100 && optimizer.slope() > 1e-9 && optimizer.Step(); ++i)
    EXPECT_TRUE(std::isfinite(optimizer.value()));
  EXPECT_NEAR(optimizer.x()[0], 1.0, 1e-6);
}

}  // namespace
}  // namespace resnet50
