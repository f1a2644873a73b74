// Training as JavaScript holds it: in a module of its own, so that pages that only classify do not carry it.

#include <emscripten/bind.h>
#include <emscripten/val.h>

#include <memory>
#include <vector>

#include "bindings/js_object.h"
#include "bindings/js_result.h"
#include "bindings/trainer_fit.h"
#include "training/head_trainer.h"

namespace resnet50::js {

using emscripten::val;

class HeadTrainerHandle {
 public:
  explicit HeadTrainerHandle(std::unique_ptr<HeadTrainer> trainer) : trainer_(std::move(trainer)) {}

  // { epoch, trained: { loss, accuracy }, heldOut: the same or null, done }
  val Step() {
    const HeadTrainingProgress progress = trainer_->Step();
    val result = val::object();
    result.set("epoch", progress.epoch);
    result.set("trained", ToJs(progress.trained));
    result.set("heldOut", trainer_->held_out() > 0 ? ToJs(progress.held_out) : val::null());
    result.set("done", progress.done);
    return result;
  }

  // { pointer, trained, heldOut, bestEpoch, converged, l2 }
  val Finish() {
    head_ = trainer_->Head();
    val result = val::object();
    result.set("pointer", reinterpret_cast<uintptr_t>(head_.data()));
    result.set("trained", trainer_->trained());
    result.set("heldOut", trainer_->held_out());
    result.set("bestEpoch", trainer_->best_epoch());
    result.set("converged", trainer_->converged());
    result.set("l2", trainer_->l2());
    return result;
  }

 private:
  std::unique_ptr<HeadTrainer> trainer_;
  std::vector<float> head_;  // the last one given
};

namespace {

// embeddings: float32 [count, width]; labels: int32 [count]. Both are copied.
val CreateHeadTrainer(uintptr_t embeddings, uintptr_t labels, size_t count, size_t width, const val& options) {
  const auto* features = reinterpret_cast<const float*>(embeddings);
  const auto* classes = reinterpret_cast<const int32_t*>(labels);
  Examples examples{std::vector<float>(features, features + count * width),
                    std::vector<int32_t>(classes, classes + count), width, options["classes"].as<int>()};
  HeadTrainingOptions parsed;
  if (!options["l2"].isNull()) parsed.l2 = options["l2"].as<double>();
  parsed.hold_out = options["holdOut"].as<double>();
  parsed.seed = options["seed"].as<uint32_t>();
  parsed.epochs = options["epochs"].as<int>();
  parsed.patience = options["patience"].as<int>();
  Result<std::unique_ptr<HeadTrainer>> trainer = HeadTrainer::Create(std::move(examples), parsed);
  if (!trainer) return Failure(trainer.error());
  return Success(Hold(std::make_unique<HeadTrainerHandle>(std::move(trainer).value())));
}

}  // namespace
}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(trainer) {
  using emscripten::function;
  using resnet50::js::HeadTrainerHandle;
  using resnet50::js::Method;
  function("createHeadTrainer", &resnet50::js::CreateHeadTrainer);
  function("headTrainer_step", &Method<&HeadTrainerHandle::Step>::Call);
  function("headTrainer_finish", &Method<&HeadTrainerHandle::Finish>::Call);
  function("headTrainer_delete", &resnet50::js::Delete<HeadTrainerHandle>);
}
