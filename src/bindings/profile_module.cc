// What bench/layers.mjs measures with: the network's rows, the milliseconds of each in one pass, and those of the
// stages between a photo's bytes and the network's input. In no module that ships.
#include <emscripten.h>
#include <emscripten/bind.h>

#include <string>
#include <vector>

#include "bindings/js_object.h"
#include "bindings/js_options.h"
#include "bindings/js_result.h"
#include "bindings/runtime_session.h"
#include "image/decode.h"
#include "image/normalize.h"
#include "kernels/kernel_choice.h"

namespace resnet50::js {
namespace {

using emscripten::val;

// Milliseconds since the last call.
class Stopwatch {
 public:
  double Lap() {
    const double now = emscripten_get_now();
    const double elapsed = now - last_;
    last_ = now;
    return elapsed;
  }

 private:
  double last_ = emscripten_get_now();
};

// Rows that have an operator: { row, name, kernel, stride, inChannels, outChannels, side (of the output, pixels), macs
// }.
val RowsOf(const val& held, int side) {
  Network& network = At<SessionHandle>(held).network();
  std::vector<int> sides;
  val rows = val::array();
  for (size_t i = 0; i < network.layers().size(); ++i) {
    const Layer& layer = network.layers()[i];
    sides.push_back(OutputSize(layer, layer.input == kNetworkInput ? side : sides[size_t(layer.input)]));
    if (!network.HasOperator(i)) continue;
    val row = val::object();
    row.set("row", int(i));
    row.set("name", layer.name);
    row.set("kernel", layer.kernel);
    row.set("stride", layer.stride);
    row.set("inChannels", layer.in_channels);
    row.set("outChannels", layer.out_channels);
    row.set("side", sides.back());
    row.set("macs", layer.has_weights() ? double(layer.weight_count()) * sides.back() * sides.back() : 0.0);
    rows.call<void>("push", row);
  }
  return rows;
}

// One pass over `n` images of float32 NCHW at the pointer: milliseconds of every row of the table, 0 without operator.
val TimeRows(const val& held, uintptr_t pointer, int n, int side) {
  Network& network = At<SessionHandle>(held).network();
  if (Status status = network.Prepare(n, side, side); !status) return Failure(status.error());
  network.SetInput({reinterpret_cast<const float*>(pointer), size_t(n) * side * side * kInputChannels});
  val times = val::array();
  Stopwatch watch;
  for (size_t i = 0; i < network.layers().size(); ++i) {
    if (Status status = network.RunRow(i); !status) return Failure(status.error());
    times.call<void>("push", watch.Lap());
  }
  return Success(times);
}

// One photo's way into the int8 network: { decode, resize, normalize, layOut } in milliseconds.
val TimeInput(const val& held, uintptr_t pointer, size_t bytes, const val& decode, const val& transforms) {
  Network& network = At<SessionHandle>(held).network();
  Result<Transforms> parsed = ToTransforms(transforms);
  if (!parsed) return Failure(parsed.error());
  const int side = parsed->crop_size;
  if (Status status = network.Prepare(1, side, side); !status) return Failure(status.error());
  std::vector<uint8_t> codes(size_t(side) * side * kInputChannels);
  val times = val::object();
  Stopwatch watch;
  Result<Image> image = Decode({reinterpret_cast<const uint8_t*>(pointer), bytes}, ToDecodeOptions(decode));
  if (!image) return Failure(image.error());
  times.set("decode", watch.Lap());
  Result<Image> crop = ResizeAndCrop(image.value(), parsed.value());
  if (!crop) return Failure(crop.error());
  times.set("resize", watch.Lap());
  const InputQuantization& q = network.input_quantization();
  NormalizeToCodes(crop.value(), parsed.value(), {q.scale, q.zero_point, 0, kMaxInputCode}, codes);
  times.set("normalize", watch.Lap());
  network.SetInputCodes(0, codes);
  times.set("layOut", watch.Lap());
  return Success(times);
}

}  // namespace
}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(profile) {
  // Of all convolutions but the first.
  emscripten::function(
      "chosenForm", +[](int activation_bits) {
        const auto form = activation_bits == 8 ? resnet50::BestEightBitForm().form : resnet50::BestInt8Form();
        return std::string(resnet50::Name(form));
      });
  emscripten::function("rowsOf", &resnet50::js::RowsOf);
  emscripten::function("timeRows", &resnet50::js::TimeRows);
  emscripten::function("timeInput", &resnet50::js::TimeInput);
}
