#include "bindings/runtime_session.h"

#include <emscripten/bind.h>
#include <emscripten/emscripten.h>

#include <optional>
#include <utility>

#include "bindings/js_object.h"
#include "bindings/js_options.h"
#include "bindings/js_result.h"
#include "inference/picture.h"
#include "kernels/self_check.h"
#include "network/random_weights.h"

namespace resnet50::js {

using emscripten::val;

namespace {

val Address(const void* data) { return val(reinterpret_cast<uintptr_t>(data)); }

// How long a call may keep its thread before others there get a turn, ms. Most pictures take less.
constexpr double kSlice = 50;

val ToJs(const ScoredClass& scored) {
  val entry = val::object();
  entry.set("index", scored.index);
  entry.set("score", scored.score);
  return entry;
}

val ToJs(const Region& region) {
  val box = val::object();
  box.set("left", region.left);
  box.set("top", region.top);
  box.set("right", region.right);
  box.set("bottom", region.bottom);
  return box;
}

// float32 at a pointer.
std::vector<float> Floats(const val& pointer, size_t count) {
  const auto* from = reinterpret_cast<const float*>(pointer.as<uintptr_t>());
  return {from, from + count};
}

Result<CustomHead> ToHead(const val& head) {
  const size_t rows = head["rows"].as<size_t>();
  std::vector<float> features = Floats(head["features"], rows * kEmbedding);
  if (head["k"].isNull()) {
    Result<LinearHead> linear = LinearHead::Create(std::move(features), Floats(head["perRow"], rows), kEmbedding);
    if (!linear) return std::move(linear).error();
    return CustomHead(std::move(linear).value());
  }
  const auto* labels = reinterpret_cast<const int32_t*>(head["perRow"].as<uintptr_t>());
  Result<NearestNeighbours> nearest = NearestNeighbours::Create(std::move(features), {labels, rows}, kEmbedding,
                                                                head["classes"].as<int>(), head["k"].as<int>());
  if (!nearest) return std::move(nearest).error();
  return CustomHead(std::move(nearest).value());
}

}  // namespace

val SessionHandle::Create(const val& options) {
  Result<NetworkOptions> parsed = ToNetworkOptions(options);
  if (!parsed) return Failure(parsed.error());
  Result<std::unique_ptr<InferenceSession>> session = InferenceSession::Create(std::move(parsed).value());
  if (!session) return Failure(session.error());
  return Success(Hold(std::unique_ptr<SessionHandle>(new SessionHandle(std::move(session).value()))));
}

val SessionHandle::MissingLayers() const { return val::array(session_->network().MissingLayers()); }

val SessionHandle::LoadShard(uintptr_t pointer, size_t bytes, const std::string& name) {
  return js::ToJs(session_->loader().Load({reinterpret_cast<const uint8_t*>(pointer), bytes}, name));
}

val SessionHandle::InitializeRandomly(uint32_t seed) {
  return js::ToJs(resnet50::InitializeRandomly(session_->network(), seed));
}

val SessionHandle::SetHead(const val& head) {
  if (head.isNull()) {
    session_->SetHead(std::nullopt);
    return js::ToJs(Status());
  }
  Result<CustomHead> made = ToHead(head);
  if (!made) return Failure(made.error());
  session_->SetHead(std::move(made).value());
  return js::ToJs(Status());
}

Status SessionHandle::Open(const val& input, const val& settings) {
  Cancel();
  Result<Picture> picture = OpenPicture(input, settings);
  if (!picture) return std::move(picture).error();
  Result<Transforms> transforms = ToTransforms(settings["transforms"]);
  if (!transforms) return std::move(transforms).error();
  opened_.emplace(Opened{std::move(picture).value(), transforms.value()});
  return {};
}

val SessionHandle::RunPicture(int crops, const std::vector<std::string>& stages, Answer answer) {
  return Begin(ImageInput{opened_->picture.viewed, opened_->transforms, crops}, stages, std::move(answer));
}

val SessionHandle::RunInput(const val& input, const val& settings, const std::vector<std::string>& stages,
                            Answer answer) {
  if (input["n"].isUndefined()) {
    const Status opened = Open(input, settings);
    return opened ? RunPicture(1, stages, std::move(answer)) : Failure(opened.error());
  }
  Cancel();
  const int n = input["n"].as<int>(), height = input["height"].as<int>(), width = input["width"].as<int>();
  const size_t count = size_t(n) * size_t(height) * size_t(width) * kInputChannels;
  tensor_ = AdoptBlock(input, count * sizeof(float));
  const std::span<const float> values(reinterpret_cast<const float*>(tensor_.data()), count);
  return Begin(TensorInput{values, n, height, width}, stages, std::move(answer));
}

val SessionHandle::Begin(const SessionInput& input, const std::vector<std::string>& stages, Answer answer) {
  if (const Status begun = session_->Begin(input, stages); !begun) {
    Cancel();
    return Failure(begun.error());
  }
  answer_ = std::move(answer);
  return Proceed();
}

val SessionHandle::Proceed() {
  if (!answer_) return Failure({ErrorCode::kNotReady, "session", "nothing is pending"});
  const double end = emscripten_get_now() + kSlice;
  const Result<bool> done = session_->Advance([end] { return emscripten_get_now() >= end; });
  if (done && !done.value()) {
    val pending = val::object();
    pending.set("pending", true);
    return pending;
  }
  val answer = done ? answer_(*session_) : Failure(done.error());
  Cancel();
  return answer;
}

void SessionHandle::Cancel() {
  answer_ = nullptr;
  opened_.reset();
  tensor_ = PixelBuffer();
}

val SessionHandle::Classify(const val& picture, const val& settings, const val& pick) {
  if (const Status opened = Open(picture, settings); !opened) return Failure(opened.error());
  const ClassChoice choice = ToClassChoice(pick, size_t(session_->classes()));
  return RunPicture(pick["crops"].as<int>(), {}, [choice](InferenceSession& session) {
    const Result<std::vector<ScoredClass>> best = session.Best(choice);
    if (!best) return Failure(best.error());
    val result = val::array();
    for (const ScoredClass& scored : best.value()) result.call<void>("push", ToJs(scored));
    return Success(result);
  });
}

val SessionHandle::Logits(const val& input, const val& settings) {
  return RunInput(input, settings, {},
                  [](InferenceSession& session) { return Success(Address(session.Logits().data())); });
}

val SessionHandle::Features(const val& input, const val& settings, const val& stages) {
  const std::vector<std::string> names = emscripten::vecFromJSArray<std::string>(stages);
  return RunInput(input, settings, names, [](InferenceSession& session) {
    val blocks = val::array();
    for (const StageOutput& output : session.StageOutputs()) {
      val block = val::object();
      block.set("pointer", Address(output.values.data()));
      block.set("channels", output.channels);
      block.set("height", output.height);
      block.set("width", output.width);
      blocks.call<void>("push", block);
    }
    return Success(blocks);
  });
}

val SessionHandle::Explain(const val& picture, const val& settings, const val& pick) {
  if (const Status opened = Open(picture, settings); !opened) return Failure(opened.error());
  const ClassChoice choice = ToClassChoice(pick, size_t(session_->classes()));
  return RunPicture(1, {}, [this, choice](InferenceSession& session) {
    Result<Explanation> explained = session.ExplainBest(choice);
    if (!explained) return Failure(explained.error());
    const Picture& whole = opened_->picture;
    map_ = std::move(explained->map);
    val grid = val::object();
    grid.set("pointer", Address(map_.data()));
    grid.set("width", explained->width);
    grid.set("height", explained->height);
    val result = val::object();
    result.set("best", ToJs(explained->best));
    result.set("grid", grid);
    result.set("box", ToJs(OnWhole(whole, explained->crop)));
    result.set("width", whole.width);
    result.set("height", whole.height);
    return Success(result);
  });
}

val SessionHandle::Preprocess(const val& picture, const val& settings, const std::string& layout) {
  if (const Status opened = Open(picture, settings); !opened) return Failure(opened.error());
  Result<NormalizedCrop> crop = resnet50::Preprocess(opened_->picture.viewed, opened_->transforms,
                                                     layout == "nhwc" ? TensorLayout::kNhwc : TensorLayout::kNchw);
  Cancel();
  if (!crop) return Failure(crop.error());
  crop_ = std::move(crop).value();
  val result = val::object();
  result.set("pixels", Address(crop_.crop.pixels.data()));
  result.set("tensor", Address(crop_.tensor.data()));
  result.set("side", crop_.crop.width);
  return Success(result);
}

}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(session) {
  using emscripten::function;
  using resnet50::js::Method;
  using resnet50::js::SessionHandle;
  function("createSession", &SessionHandle::Create);
  function("kernelsCompute", &resnet50::KernelsCompute);
  function("session_missingLayers", &Method<&SessionHandle::MissingLayers>::Call);
  function("session_loadShard", &Method<&SessionHandle::LoadShard>::Call);
  function("session_initializeRandomly", &Method<&SessionHandle::InitializeRandomly>::Call);
  function("session_setHead", &Method<&SessionHandle::SetHead>::Call);
  function("session_fastestThreads", &Method<&SessionHandle::FastestThreads>::Call);
  function("session_classify", &Method<&SessionHandle::Classify>::Call);
  function("session_logits", &Method<&SessionHandle::Logits>::Call);
  function("session_features", &Method<&SessionHandle::Features>::Call);
  function("session_explain", &Method<&SessionHandle::Explain>::Call);
  function("session_preprocess", &Method<&SessionHandle::Preprocess>::Call);
  function("session_proceed", &Method<&SessionHandle::Proceed>::Call);
  function("session_cancel", &Method<&SessionHandle::Cancel>::Call);
  function("session_delete", &resnet50::js::Delete<SessionHandle>);
}
