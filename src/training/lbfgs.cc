#include "training/lbfgs.h"

#include <algorithm>
#include <cmath>

namespace resnet50 {
namespace {

constexpr size_t kMemory = 8;       // pairs
constexpr double kDecrease = 1e-4;  // share of the promised decrease that a step must bring (Armijo)
constexpr double kNoise = 1e-12;    // relative error of values, below which they count as equal
constexpr double kShrink = 0.5;     // of a step that was too long, at most
constexpr int kMaxShrinks = 24;

double Dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void AddScaled(double factor, std::span<const double> from, std::span<double> to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

}  // namespace

Lbfgs::Lbfgs(Function function, std::vector<double> start)
    : function_(std::move(function)), x_(std::move(start)), gradient_(x_.size()), value_(function_(x_, gradient_)) {}

double Lbfgs::slope() const {
  double most = 0.0;
  for (const double g : gradient_) most = std::max(most, std::fabs(g));
  return most;
}

// The two loops: the inverse Hessian, as the memory has it, times the gradient, downhill.
std::vector<double> Lbfgs::Direction() const {
  std::vector<double> direction = gradient_;
  std::vector<double> alpha(memory_.size());
  for (size_t i = memory_.size(); i-- > 0;) {
    alpha[i] = memory_[i].inverse * Dot(memory_[i].step, direction);
    AddScaled(-alpha[i], memory_[i].change, direction);
  }
  // Before anything is known of curvature, a step of length 1 at most.
  const double length = std::sqrt(Dot(gradient_, gradient_));
  const double scale = memory_.empty()
                           ? 1.0 / std::max(1.0, length)
                           : 1.0 / (memory_.back().inverse * Dot(memory_.back().change, memory_.back().change));
  for (double& d : direction) d *= scale;
  for (size_t i = 0; i < memory_.size(); ++i) {
    const double beta = memory_[i].inverse * Dot(memory_[i].change, direction);
    AddScaled(alpha[i] - beta, memory_[i].step, direction);
  }
  for (double& d : direction) d = -d;
  return direction;
}

void Lbfgs::Remember(std::span<const double> x, std::span<const double> gradient) {
  Pair pair{std::vector<double>(x.begin(), x.end()), std::vector<double>(gradient.begin(), gradient.end()), 0.0};
  AddScaled(-1.0, x_, pair.step);
  AddScaled(-1.0, gradient_, pair.change);
  const double product = Dot(pair.step, pair.change);
  // Positive for convex functions but for rounding.
  if (!(product > 1e-14 * Dot(pair.change, pair.change))) return;
  pair.inverse = 1.0 / product;
  if (memory_.size() == kMemory) memory_.pop_front();
  memory_.push_back(std::move(pair));
}

bool Lbfgs::Step() {
  const std::vector<double> direction = Direction();
  const double descent = Dot(gradient_, direction);
  if (!(descent < 0.0)) return false;
  std::vector<double> x(x_.size()), gradient(x_.size());
  double length = 1.0;
  for (int i = 0; i < kMaxShrinks; ++i) {
    x = x_;
    AddScaled(length, direction, x);
    const double value = function_(x, gradient);
    if (value <= value_ + kDecrease * length * descent + kNoise * std::fabs(value_) && value < value_) {
      Remember(x, gradient);
      x_ = std::move(x);
      gradient_ = std::move(gradient);
      value_ = value;
      return true;
    }
    // The minimum of the parabola through what is known, within bounds; NaN and infinity halve.
    const double bend = value - value_ - length * descent;
    const double best = bend > 0.0 && std::isfinite(bend) ? -0.5 * descent * length / bend : kShrink;
    length *= std::clamp(best, 0.1, kShrink);
  }
  return false;
}

}  // namespace resnet50
