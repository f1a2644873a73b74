// Trains a classifier on embeddings: softmax regression (softmax_regression.h) from zero, epoch by epoch, so
// that the caller can show progress and stop. The result is a plain fc layer on the embeddings as they came. Knows
// nothing of pictures, files or JavaScript.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "training/examples.h"
#include "training/hold_out.h"
#include "training/lbfgs.h"
#include "training/scaling.h"
#include "training/softmax_regression.h"

namespace resnet50 {

struct HeadTrainingOptions {
  // Weight of the penalty, over 0: 1 / C of scikit-learn on the embeddings as they come. Without one, 100 times the
  // mean variance of the features, which means the same for networks of larger and smaller activations.
  std::optional<double> l2 = {};
  // Share of each class that is kept from training, 0..0.9: where it gets worse for `patience` epochs, training
  // ends, and the epoch in which it did best counts.
  double hold_out = 0.0;
  uint32_t seed = 0;  // of what is held out
  int epochs = 300;
  int patience = 10;
};

struct HeadTrainingProgress {
  int epoch = 0;
  Fit trained;
  Fit held_out;       // zero where nothing is held out
  bool done = false;  // no further epoch would change the result
};

class HeadTrainer {
 public:
  // Errors: kInvalidArgument, those of CheckExamples and HoldOut, and options out of range.
  static Result<std::unique_ptr<HeadTrainer>> Create(Examples examples, const HeadTrainingOptions& options);

  // One epoch, and how well it did. Does nothing once done.
  HeadTrainingProgress Step();

  // The best epoch so far, 0 for none.
  int best_epoch() const { return best_epoch_; }
  // Whether the slope vanished; false where training was stopped, early or by the limit.
  bool converged() const { return converged_; }
  size_t trained() const { return split_.trained.size(); }
  size_t held_out() const { return split_.held_out.size(); }
  // The penalty in use.
  double l2() const { return l2_; }

  // fc.weight [classes, width] followed by fc.bias [classes] of the best epoch, on embeddings as they came.
  std::vector<float> Head() const;

 private:
  HeadTrainer(Examples examples, const HeadTrainingOptions& options, Split split);
  void KeepBest();

  const HeadTrainingOptions options_;
  const Split split_;
  const Scaling scaling_;
  const double l2_;
  const Examples examples_;  // scaled
  SoftmaxRegression objective_;
  Fit evaluated_;  // of the last evaluation
  Lbfgs optimizer_;
  HeadTrainingProgress progress_;
  std::vector<double> best_;
  double best_loss_;
  int best_epoch_ = 0;
  bool converged_ = false;
};

}  // namespace resnet50
