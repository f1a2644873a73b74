#include "training/finetune_trainer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "training/softmax_loss.h"

namespace resnet50 {
namespace {

constexpr double kWarmUp = 0.1;  // share of all steps
constexpr size_t kCropped = 2;   // rows and columns of a map that a crop may leave out
constexpr size_t kLeastSide = 4;

Error Invalid(const char* option, const char* rule) { return {ErrorCode::kInvalidArgument, option, rule}; }

Status CheckOptions(const FinetuneOptions& o) {
  if (o.epochs < 1 || o.epochs > 100000) return Invalid("epochs", "must lie in 1..100000");
  if (o.patience < 1) return Invalid("patience", "must be 1 at least");
  if (!(o.rate > 0.0 && o.rate <= 1.0)) return Invalid("rate", "must be over 0 and at most 1");
  if (!(o.label_smoothing >= 0.0F && o.label_smoothing <= 0.5F)) return Invalid("labelSmoothing", "must lie in 0..0.5");
  if (!(o.hold_out >= 0.0 && o.hold_out <= 0.9)) return Invalid("holdOut", "must be a share, 0 to 0.9");
  return {};
}

// Of the step's rate: up to 1 in the first tenth, then down to 0 along a cosine.
double Schedule(double done) {
  if (done < kWarmUp) return (done + 1e-3) / (kWarmUp + 1e-3);
  return 0.5 * (1.0 + std::cos(3.14159265358979 * (done - kWarmUp) / (1.0 - kWarmUp)));
}

}  // namespace

FinetuneTrainer::FinetuneTrainer(const FinetuneOptions& options, Extent extent)
    : options_(options), maps_(options.shape.in, extent), random_(options.seed) {}

Result<std::unique_ptr<FinetuneTrainer>> FinetuneTrainer::Create(const FinetuneOptions& options, Extent extent) {
  if (Status status = CheckOptions(options); !status) return std::move(status).error();
  Result<std::unique_ptr<Layer4Network>> network =
      Layer4Network::Create(options.shape, options.batch, extent, options.threads);
  if (!network) return std::move(network).error();
  std::unique_ptr<FinetuneTrainer> trainer(new FinetuneTrainer(options, extent));
  trainer->network_ = std::move(network).value();
  return trainer;
}

Status FinetuneTrainer::Add(std::span<const float> nchw, int32_t label) {
  if (begun_) return Error{ErrorCode::kNotReady, "examples", "must be added before training begins"};
  if (label < 0 || size_t(label) >= options_.shape.classes) {
    return Error{ErrorCode::kInvalidArgument, "example " + std::to_string(labels_.size()),
                 "has label " + std::to_string(label) + ", which is not one of the classes"};
  }
  if (Status status = maps_.Add(nchw); !status) return status;
  labels_.push_back(label);
  return {};
}

Status FinetuneTrainer::Begin() {
  for (size_t c = 0; c < options_.shape.classes; ++c) {
    if (std::find(labels_.begin(), labels_.end(), int32_t(c)) == labels_.end()) {
      return Error{ErrorCode::kInvalidArgument, "classes", "class " + std::to_string(c) + " has no examples"};
    }
  }
  const std::span<const float> values = network_->values();
  if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
    return Error{ErrorCode::kInvalidArgument, "layer4", "has weights that are not finite"};
  }
  Result<Split> split = HoldOut({{}, labels_, 0, int(options_.shape.classes)}, options_.hold_out, options_.seed);
  if (!split) return std::move(split).error();
  split_ = std::move(split).value();
  optimizer_ = std::make_unique<FinetuneOptimizer>(network_->parameters(), values);
  logit_gradient_.resize(options_.batch * options_.shape.classes);
  begun_ = true;
  progress_.batches = Batches();
  Result<Fit> score = Judge();
  if (!score) return std::move(score).error();
  progress_.held_out = score.value();
  KeepBest(score.value(), 0);
  Shuffle();
  return {};
}

void FinetuneTrainer::Shuffle() {
  order_ = split_.trained;
  for (size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random_.Next() % i]);
}

Result<Fit> FinetuneTrainer::Judge() {
  Fit score;
  const double count = double(std::max<size_t>(split_.held_out.size(), 1));
  Status status = RunAll(split_.held_out, [&](std::span<const size_t> rows, std::span<const float> logits) {
    std::vector<int32_t> labels;
    for (size_t row : rows) labels.push_back(labels_[row]);
    const SoftmaxScore batch = SoftmaxLoss(logits, labels, options_.shape.classes, 0.0F, {});
    score.loss += batch.loss * double(rows.size()) / count;
    score.accuracy += double(batch.correct) / count;
  });
  if (!status) return std::move(status).error();
  return score;
}

// Of equal accuracies the smaller loss is better; with nothing held out, the last epoch is.
void FinetuneTrainer::KeepBest(const Fit& score, int epoch) {
  const bool better = std::pair(score.accuracy, -score.loss) > std::pair(best_score_.accuracy, -best_score_.loss);
  if (epoch > 0 && !split_.held_out.empty() && !better) return;
  best_.assign(network_->values().begin(), network_->values().end());
  best_score_ = score;
  best_epoch_ = epoch;
}

Status FinetuneTrainer::TrainBatch() {
  const Extent whole = maps_.extent();
  // One size for the batch, a place and a side for each map.
  const auto less = [&](size_t side) {
    const size_t most = side > kLeastSide ? std::min(kCropped, side - kLeastSide) : 0;
    return options_.augment ? random_.Next() % (most + 1) : 0;
  };
  const Extent size{whole.height - less(whole.height), whole.width - less(whole.width)};
  const size_t first = progress_.batch * options_.batch;
  const size_t count = std::min(options_.batch, order_.size() - first);
  std::vector<int32_t> labels;
  for (size_t i = 0; i < count; ++i) {
    MapWindow window{0, 0, size.height, size.width, false};
    if (options_.augment) {
      window.top = random_.Next() % (whole.height - size.height + 1);
      window.left = random_.Next() % (whole.width - size.width + 1);
      window.flip = random_.Next() % 2 == 1;
    }
    const size_t row = order_[first + i];
    maps_.Read(row, window, network_->input() + i * size.height * size.width * options_.shape.in);
    labels.push_back(labels_[row]);
  }
  Result<std::span<const float>> logits = network_->Forward(count, size);
  if (!logits) return std::move(logits).error();
  const std::span<float> gradient = std::span(logit_gradient_).first(count * options_.shape.classes);
  const SoftmaxScore score =
      SoftmaxLoss(logits.value(), labels, options_.shape.classes, options_.label_smoothing, gradient);
  if (!std::isfinite(score.loss)) {
    return Error{ErrorCode::kInternal, "loss", "is no number any more: use a smaller step"};
  }
  network_->Backward(gradient.data());
  const double steps = double(Batches()) * double(options_.epochs);
  const double done = (double(progress_.epoch) * double(Batches()) + double(progress_.batch)) / steps;
  optimizer_->Step(network_->values(), network_->gradients(), options_.rate * Schedule(done), network_->pool());
  sums_.loss += score.loss * double(count);
  sums_.accuracy += double(score.correct);
  seen_ += count;
  return {};
}

Result<FinetuneProgress> FinetuneTrainer::Step() {
  if (!begun_) return Error{ErrorCode::kNotReady, "training", "has not begun"};
  if (progress_.done) return progress_;
  if (progress_.epoch_done) {
    progress_.epoch_done = false;
    progress_.batch = 0;
    sums_ = {};
    seen_ = 0;
    Shuffle();
  }
  if (Status status = TrainBatch(); !status) return std::move(status).error();
  progress_.trained = {sums_.loss / double(seen_), sums_.accuracy / double(seen_)};
  if (++progress_.batch < progress_.batches) return progress_;
  ++progress_.epoch;
  progress_.epoch_done = true;
  Result<Fit> score = Judge();
  if (!score) return std::move(score).error();
  progress_.held_out = score.value();
  KeepBest(score.value(), progress_.epoch);
  progress_.done = progress_.epoch == options_.epochs || progress_.epoch - best_epoch_ >= options_.patience;
  return progress_;
}

int FinetuneTrainer::Finish() {
  if (!best_.empty()) std::copy(best_.begin(), best_.end(), network_->values().begin());
  return best_epoch_;
}

}  // namespace resnet50
