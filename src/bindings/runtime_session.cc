#include "bindings/runtime_session.h"

#include <emscripten/bind.h>

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

// A picture, cut to its view, and what is to be made of it.
struct Opened {
  Picture picture;
  Transforms transforms;
};

// settings: CoreSettings.
Result<Opened> Open(const val& input, const val& settings) {
  Result<Picture> picture = OpenPicture(input, settings);
  if (!picture) return std::move(picture).error();
  Result<Transforms> transforms = ToTransforms(settings["transforms"]);
  if (!transforms) return std::move(transforms).error();
  return Opened{std::move(picture).value(), transforms.value()};
}

// What `use` makes of a picture or a tensor (CoreInput).
template <typename Use>
val WithInput(const val& input, const val& settings, Use use) {
  if (input["n"].isUndefined()) {
    Result<Opened> opened = Open(input, settings);
    return opened ? use(ImageInput{opened->picture.viewed, opened->transforms}) : Failure(opened.error());
  }
  const int n = input["n"].as<int>(), height = input["height"].as<int>(), width = input["width"].as<int>();
  const size_t count = size_t(n) * size_t(height) * size_t(width) * kInputChannels;
  const PixelBuffer block = AdoptBlock(input, count * sizeof(float));
  return use(TensorInput{{reinterpret_cast<const float*>(block.data()), count}, n, height, width});
}

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

val SessionHandle::Classify(const val& picture, const val& settings, const val& pick) {
  Result<Opened> opened = Open(picture, settings);
  if (!opened) return Failure(opened.error());
  Result<std::vector<ScoredClass>> best =
      session_->Classify({opened->picture.viewed, opened->transforms, pick["crops"].as<int>()},
                         ToClassChoice(pick, size_t(session_->classes())));
  if (!best) return Failure(best.error());
  val result = val::array();
  for (const ScoredClass& scored : best.value()) result.call<void>("push", ToJs(scored));
  return Success(result);
}

val SessionHandle::Logits(const val& input, const val& settings) {
  return WithInput(input, settings, [&](const SessionInput& given) {
    Result<std::span<const float>> logits = session_->Logits(given);
    return logits ? Success(Address(logits->data())) : Failure(logits.error());
  });
}

val SessionHandle::Features(const val& input, const val& settings, const val& stages) {
  return WithInput(input, settings, [&](const SessionInput& given) {
    const std::vector<std::string> names = emscripten::vecFromJSArray<std::string>(stages);
    Result<std::vector<StageOutput>> outputs = session_->Features(given, names);
    if (!outputs) return Failure(outputs.error());
    val blocks = val::array();
    for (const StageOutput& output : outputs.value()) {
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
  Result<Opened> opened = Open(picture, settings);
  if (!opened) return Failure(opened.error());
  const Picture& whole = opened->picture;
  Result<Explanation> explained =
      session_->Explain({whole.viewed, opened->transforms}, ToClassChoice(pick, size_t(session_->classes())));
  if (!explained) return Failure(explained.error());
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
}

val SessionHandle::Preprocess(const val& picture, const val& settings, const std::string& layout) {
  Result<Opened> opened = Open(picture, settings);
  if (!opened) return Failure(opened.error());
  Result<NormalizedCrop> crop = resnet50::Preprocess(opened->picture.viewed, opened->transforms,
                                                     layout == "nhwc" ? TensorLayout::kNhwc : TensorLayout::kNchw);
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
  function("session_classify", &Method<&SessionHandle::Classify>::Call);
  function("session_logits", &Method<&SessionHandle::Logits>::Call);
  function("session_features", &Method<&SessionHandle::Features>::Call);
  function("session_explain", &Method<&SessionHandle::Explain>::Call);
  function("session_preprocess", &Method<&SessionHandle::Preprocess>::Call);
  function("session_delete", &resnet50::js::Delete<SessionHandle>);
}
