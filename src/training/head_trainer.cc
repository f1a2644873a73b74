#include "training/head_trainer.h"

#include <cmath>
#include <limits>
#include <utility>

namespace resnet50 {
namespace {

// Of features whose mean variance is 1.
constexpr double kDefaultL2 = 100.0;

// The largest component of the gradient an example at which training has converged.
constexpr double kFlat = 1e-5;

double Square(float value) { return double(value) * double(value); }

Examples Scaled(Examples examples, const Scaling& scaling) {
  Scale(scaling, examples);
  return examples;
}

Status CheckOptions(const HeadTrainingOptions& options) {
  if (options.l2 && !(*options.l2 > 0.0 && std::isfinite(*options.l2))) {
    return Error{
        ErrorCode::kInvalidArgument, "l2",
        "must be a number greater than 0: without a penalty, classes that can be told apart have no best head"};
  }
  if (options.epochs < 1) return Error{ErrorCode::kInvalidArgument, "epochs", "must be at least 1"};
  if (options.patience < 1) return Error{ErrorCode::kInvalidArgument, "patience", "must be at least 1"};
  return {};
}

}  // namespace

Result<std::unique_ptr<HeadTrainer>> HeadTrainer::Create(Examples examples, const HeadTrainingOptions& options) {
  if (Status status = CheckOptions(options); !status) return std::move(status).error();
  if (Status status = CheckExamples(examples); !status) return std::move(status).error();
  Result<Split> split = HoldOut(examples, options.hold_out, options.seed);
  if (!split) return std::move(split).error();
  return std::unique_ptr<HeadTrainer>(new HeadTrainer(std::move(examples), options, std::move(split).value()));
}

HeadTrainer::HeadTrainer(Examples examples, const HeadTrainingOptions& options, Split split)
    : options_(options),
      split_(std::move(split)),
      scaling_(MeasureScaling(examples, split_.trained)),
      l2_(options.l2.value_or(kDefaultL2 * Square(scaling_.scale))),
      examples_(Scaled(std::move(examples), scaling_)),
      // Weights on scaled features are `scale` times as large.
      objective_(examples_, l2_ / Square(scaling_.scale)),
      optimizer_(
          [this](std::span<const double> x, std::span<double> gradient) {
            return objective_.Evaluate(split_.trained, x, gradient, evaluated_);
          },
          std::vector<double>(objective_.parameters())),
      best_(objective_.parameters()),
      best_loss_(std::numeric_limits<double>::infinity()) {}

HeadTrainingProgress HeadTrainer::Step() {
  if (progress_.done) return progress_;
  const bool moved = optimizer_.Step();
  // The last evaluation of a step that moved is the one that was taken.
  if (moved || progress_.epoch == 0) progress_.trained = evaluated_;
  ++progress_.epoch;
  converged_ = !moved || optimizer_.slope() <= kFlat * double(split_.trained.size());
  KeepBest();
  const bool waited = progress_.epoch - best_epoch_ >= options_.patience;
  progress_.done = converged_ || waited || progress_.epoch >= options_.epochs;
  return progress_;
}

void HeadTrainer::KeepBest() {
  if (!split_.held_out.empty()) progress_.held_out = objective_.Judge(split_.held_out, optimizer_.x());
  if (!split_.held_out.empty() && !(progress_.held_out.loss < best_loss_)) return;
  best_loss_ = progress_.held_out.loss;
  best_ = optimizer_.x();
  best_epoch_ = progress_.epoch;
}

std::vector<float> HeadTrainer::Head() const {
  std::vector<double> head = best_;
  const size_t weights = size_t(examples_.classes) * examples_.width;
  Unscale(scaling_, std::span(head).first(weights), std::span(head).subspan(weights));
  return {head.begin(), head.end()};
}

}  // namespace resnet50
