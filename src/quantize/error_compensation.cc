#include "quantize/error_compensation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "network/parallel.h"

namespace resnet50 {
namespace {

constexpr size_t kBlock = 64;  // columns that are factored, and weights that are rounded, at a time
constexpr size_t kRowsATask = 32;
constexpr double kLargestCode = 127.0;

// to[0..count) += sum over k of factors[k] * rows[k * stride + 0..count), in a fixed order.
void AddRows(double* to, const double* rows, size_t stride, const double* factors, size_t depth, size_t count) {
  size_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    const double f0 = factors[k], f1 = factors[k + 1], f2 = factors[k + 2], f3 = factors[k + 3];
    const double *r0 = rows + k * stride, *r1 = r0 + stride, *r2 = r1 + stride, *r3 = r2 + stride;
    for (size_t i = 0; i < count; ++i) to[i] += (f0 * r0[i] + f1 * r1[i]) + (f2 * r2[i] + f3 * r3[i]);
  }
  for (; k < depth; ++k) {
    const double* row = rows + k * stride;
    for (size_t i = 0; i < count; ++i) to[i] += factors[k] * row[i];
  }
}

// In place: the lower triangle of `a` becomes L (unit diagonal implied), `power` D.
void Factor(std::vector<double>& a, size_t n, std::vector<double>& power, const ThreadPool& pool) {
  power.resize(n);
  std::vector<double> across(kBlock * n);  // L^T of the block's columns, for the rows below
  for (size_t first = 0; first < n; first += kBlock) {
    const size_t end = std::min(n, first + kBlock), width = end - first;
    for (size_t k = first; k < end; ++k) {
      power[k] = std::max(a[k * n + k], 1e-300);
      for (size_t i = k + 1; i < end; ++i) {
        const double factor = a[i * n + k] / power[k];
        for (size_t j = k + 1; j <= i; ++j) a[i * n + j] -= factor * a[j * n + k];
      }
      for (size_t i = k + 1; i < end; ++i) a[i * n + k] /= power[k];
    }
    // The rows below: first their part in the block's columns, kept both times D (`a`) and as L (`across`).
    ParallelFor(pool, n - end, [&](size_t r) {
      double* row = a.data() + (end + r) * n;
      for (size_t k = first; k < end; ++k) {
        double value = row[k];
        for (size_t j = first; j < k; ++j) value -= row[j] * a[k * n + j];
        row[k] = value;
      }
      for (size_t k = 0; k < width; ++k) across[k * n + end + r] = row[first + k] / power[first + k];
    });
    ParallelFor(pool, n - end, [&](size_t r) {
      double factors[kBlock] = {};
      double* row = a.data() + (end + r) * n;
      for (size_t k = 0; k < width; ++k) factors[k] = -row[first + k];
      AddRows(row + end, across.data() + end, n, factors, width, r + 1);
      for (size_t k = 0; k < width; ++k) row[first + k] = across[k * n + end + r];
    });
  }
}

struct Rounder {
  const ErrorFeedback& feedback;
  const CodePrice& price;
  double mean_power;

  double Code(double target, double power) const {
    double code = std::clamp(std::nearbyint(target), -kLargestCode, kLargestCode);
    if (price.bits.empty() || code == 0.0) return code;
    const double smaller = code - std::copysign(1.0, code);
    return Cost(target, smaller, power) < Cost(target, code, power) ? smaller : code;
  }
  double Cost(double target, double code, double power) const {
    const double error = target - code;
    return error * error * power + price.slope * mean_power * double(price.bits[size_t(int(code) + 127)]);
  }
};

}  // namespace

ErrorFeedback FactorMoments(SecondMoments moments, const MomentTrust& trust, const ThreadPool& pool) {
  const size_t n = moments.inputs;
  const double count = double(std::max<size_t>(moments.patches, 1));
  const auto covariance = [&](size_t i, size_t j) {
    const size_t low = std::min(i, j), high = std::max(i, j);
    return (double(moments.products[high * n + low]) - double(moments.sums[i]) * double(moments.sums[j]) / count) /
           count;
  };
  std::vector<double> variance(n);
  double mean = 0.0;
  for (size_t i = 0; i < n; ++i) {
    variance[i] = std::max(covariance(i, i), 0.0);
    mean += variance[i] / double(n);
  }
  const double kept = 1.0 - std::min(1.0, trust.shrinkage * double(n) / (double(n) + count));
  ErrorFeedback feedback;
  feedback.order.resize(n);
  std::iota(feedback.order.begin(), feedback.order.end(), 0U);
  std::stable_sort(feedback.order.begin(), feedback.order.end(),
                   [&](uint32_t a, uint32_t b) { return variance[a] < variance[b]; });
  feedback.lower.resize(n * n);
  ParallelFor(pool, n, [&](size_t i) {
    for (size_t j = 0; j < i; ++j) feedback.lower[i * n + j] = kept * covariance(feedback.order[i], feedback.order[j]);
    feedback.lower[i * n + i] = variance[feedback.order[i]] + std::max(trust.damping * mean, 1e-9);
  });
  moments = {};
  Factor(feedback.lower, n, feedback.power, pool);
  return feedback;
}

std::vector<int8_t> RoundWithFeedback(std::span<const float> weights, std::span<const float> steps,
                                      const ErrorFeedback& feedback, const CodePrice& price, const ThreadPool& pool) {
  const size_t n = feedback.order.size(), rows = steps.size();
  double mean_power = 0.0;
  for (double p : feedback.power) mean_power += p / double(n);
  const Rounder rounder{feedback, price, mean_power};
  std::vector<int8_t> codes(weights.size());
  ParallelFor(pool, (rows + kRowsATask - 1) / kRowsATask, [&](size_t task) {
    const size_t first_row = task * kRowsATask, count = std::min(kRowsATask, rows - first_row);
    // In units of the row's step, so that errors are in them too.
    std::vector<double> target(count * n);
    for (size_t r = 0; r < count; ++r) {
      const double step = double(steps[first_row + r]);
      for (size_t i = 0; i < n; ++i)
        target[r * n + i] = double(weights[(first_row + r) * n + feedback.order[i]]) / step;
    }
    double errors[kBlock] = {};
    for (size_t end = n; end > 0;) {
      const size_t first = (end - 1) / kBlock * kBlock, width = end - first;
      for (size_t r = 0; r < count; ++r) {
        double* row = target.data() + r * n;
        for (size_t k = end; k-- > first;) {
          const double code = rounder.Code(row[k], feedback.power[k]);
          codes[(first_row + r) * n + feedback.order[k]] = int8_t(code);
          // Against the weight itself, not what it was corrected to: (w - q)^T L D L^T (w - q) is what is minimised.
          const size_t at = (first_row + r) * n + feedback.order[k];
          const double error = double(weights[at]) / double(steps[first_row + r]) - code;
          errors[k - first] = error;
          const double* factors = feedback.lower.data() + k * n;
          for (size_t i = first; i < k; ++i) row[i] += error * factors[i];
        }
        AddRows(row, feedback.lower.data() + first * n, n, errors, width, first);
      }
      end = first;
    }
  });
  return codes;
}

std::vector<int8_t> RoundToNearest(std::span<const float> weights, std::span<const float> steps) {
  const size_t inputs = weights.size() / steps.size();
  std::vector<int8_t> codes(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    codes[i] =
        int8_t(std::clamp(std::nearbyint(double(weights[i]) / double(steps[i / inputs])), -kLargestCode, kLargestCode));
  }
  return codes;
}

}  // namespace resnet50
