// Fine-tuning as JavaScript holds it.

#include <emscripten/bind.h>
#include <emscripten/val.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/js_object.h"
#include "bindings/js_result.h"
#include "bindings/trainer_fit.h"
#include "training/finetune_export.h"
#include "training/finetune_trainer.h"

namespace resnet50::js {

using emscripten::val;

class FinetuneHandle {
 public:
  explicit FinetuneHandle(std::unique_ptr<FinetuneTrainer> trainer) : trainer_(std::move(trainer)) {}

  // Where a parameter's float32 values lie, OHWI: { pointer, count }; null where there is no such parameter.
  val Parameter(const std::string& name) {
    const Layer4Parameter* parameter = trainer_->network().Find(name);
    if (parameter == nullptr) return val::null();
    val result = val::object();
    result.set("pointer", reinterpret_cast<uintptr_t>(trainer_->network().values().data() + parameter->first));
    result.set("count", parameter->count);
    return result;
  }

  // float32 [channels, h, w] at the pointer.
  val Add(uintptr_t pointer, size_t count, int label) {
    return ToJs(trainer_->Add({reinterpret_cast<const float*>(pointer), count}, label));
  }

  val Begin() { return ToJs(trainer_->Begin()); }

  // { epoch, batch, batches, trained, heldOut: a score or null, epochDone, done }
  val Step() {
    Result<FinetuneProgress> progress = trainer_->Step();
    if (!progress) return Failure(progress.error());
    val result = val::object();
    result.set("epoch", progress->epoch);
    result.set("batch", progress->batch);
    result.set("batches", progress->batches);
    result.set("trained", ToJs(progress->trained));
    result.set("heldOut", trainer_->held_out() > 0 ? ToJs(progress->held_out) : val::null());
    result.set("epochDone", progress->epoch_done);
    result.set("done", progress->done);
    return Success(result);
  }

  // Puts the best epoch in place: { bestEpoch, trained, heldOut, score }
  val Finish() {
    val result = val::object();
    result.set("bestEpoch", trainer_->Finish());
    result.set("trained", trainer_->trained());
    result.set("heldOut", trainer_->held_out());
    result.set("score", trainer_->held_out() > 0 ? ToJs(trainer_->best_held_out()) : val::null());
    return result;
  }

  // { layers: names, ranges: { name: [min, max] } }. min, max: the range of layer3's output.
  val Measure(float min, float max) {
    Result<FinetuneExport> exported = FinetuneExport::Measure(*trainer_, {min, max});
    if (!exported) return Failure(exported.error());
    exported_.emplace(std::move(exported).value());
    val layers = val::array(), ranges = val::object(), result = val::object();
    for (const std::string& layer : exported_->Layers()) layers.call<void>("push", layer);
    for (const auto& [name, range] : exported_->ranges()) {
      val pair = val::array();
      pair.call<void>("push", range.min);
      pair.call<void>("push", range.max);
      ranges.set(name, pair);
    }
    result.set("layers", layers);
    result.set("ranges", ranges);
    return Success(result);
  }

  // A layer's shard, { pointer, bytes }, there until the next call. After Measure.
  val WriteLayer(const std::string& layer, bool int8) {
    if (!exported_) return Failure({ErrorCode::kNotReady, layer, "Measure must come first"});
    Result<std::vector<uint8_t>> shard = exported_->Write(layer, int8 ? Precision::kInt8 : Precision::kFloat32);
    if (!shard) return Failure(shard.error());
    shard_ = std::move(shard).value();
    val result = val::object();
    result.set("pointer", reinterpret_cast<uintptr_t>(shard_.data()));
    result.set("bytes", shard_.size());
    return Success(result);
  }

 private:
  std::unique_ptr<FinetuneTrainer> trainer_;
  std::optional<FinetuneExport> exported_;
  std::vector<uint8_t> shard_;
};

namespace {

// options: FinetuneSettings of web/core/trainer-types.ts.
val CreateFinetuneTrainer(const val& options) {
  FinetuneOptions parsed;
  parsed.shape.classes = options["classes"].as<size_t>();
  parsed.batch = options["batchSize"].as<size_t>();
  parsed.epochs = options["epochs"].as<int>();
  parsed.patience = options["patience"].as<int>();
  parsed.hold_out = options["holdOut"].as<double>();
  parsed.rate = options["rate"].as<double>();
  parsed.label_smoothing = options["labelSmoothing"].as<float>();
  parsed.augment = options["augment"].as<bool>();
  parsed.seed = options["seed"].as<uint32_t>();
  parsed.threads = options["threads"].as<size_t>();
  const Extent extent{options["height"].as<size_t>(), options["width"].as<size_t>()};
  Result<std::unique_ptr<FinetuneTrainer>> trainer = FinetuneTrainer::Create(parsed, extent);
  if (!trainer) return Failure(trainer.error());
  return Success(Hold(std::make_unique<FinetuneHandle>(std::move(trainer).value())));
}

}  // namespace
}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(finetune) {
  using emscripten::function;
  using resnet50::js::FinetuneHandle;
  using resnet50::js::Method;
  function("createFinetuneTrainer", &resnet50::js::CreateFinetuneTrainer);
  function("finetuneTrainer_parameter", &Method<&FinetuneHandle::Parameter>::Call);
  function("finetuneTrainer_add", &Method<&FinetuneHandle::Add>::Call);
  function("finetuneTrainer_begin", &Method<&FinetuneHandle::Begin>::Call);
  function("finetuneTrainer_step", &Method<&FinetuneHandle::Step>::Call);
  function("finetuneTrainer_finish", &Method<&FinetuneHandle::Finish>::Call);
  function("finetuneTrainer_measure", &Method<&FinetuneHandle::Measure>::Call);
  function("finetuneTrainer_writeLayer", &Method<&FinetuneHandle::WriteLayer>::Call);
  function("finetuneTrainer_delete", &resnet50::js::Delete<FinetuneHandle>);
}
