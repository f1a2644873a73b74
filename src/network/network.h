// ResNet-50 built from the table (topology.h) on XNNPACK operators, in int8 or f32: takes weights layer by layer, plans
// one arena for all activations, runs batches. Knows nothing of files, images or JavaScript.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/kernel_choice.h"
#include "network/input_layout.h"
#include "network/operators.h"
#include "network/quantization.h"
#include "network/taps.h"
#include "network/thread_watch.h"
#include "network/topology.h"

namespace resnet50 {

enum class Precision : uint8_t { kInt8, kFloat32 };

// Real-valued range of every tensor that int8 needs, by row name; kInputName is the normalized image.
using RangeMap = std::map<std::string, Range, std::less<>>;

struct NetworkOptions {
  int classes = 1000;
  Precision precision = Precision::kInt8;
  ActivationBits activation_bits = ActivationBits::kSeven;
  size_t threads = 1;
  RangeMap ranges;  // int8 only; max-pooling rows need none, nor does fc
  // If set, the network watches on how many of its threads it is fastest, and goes on with that number. Its results do
  // not depend on it.
  ThreadWatch::Clock clock = nullptr;
};

// Called after each row of an f32 network with the row and its output, NHWC. For calibration and feature inspection.
using LayerObserver = std::function<void(const Layer&, std::span<const float>)>;

class Network {
 public:
  // Errors: kInvalidArgument (classes, threads), kWeightsMismatch (a range is missing, infinite or NaN).
  static Result<std::unique_ptr<Network>> Create(NetworkOptions options);

  const std::vector<Layer>& layers() const { return layers_; }
  int classes() const { return options_.classes; }
  Precision precision() const { return options_.precision; }
  size_t threads() const { return pool_.size(); }
  const ThreadPool& pool() const { return pool_; }
  // On how many threads it was fastest; 0 while it watches, and if it does not.
  size_t fastest_threads() const { return watch_ ? watch_->found() : 0; }

  // Packs one layer; the spans may go afterwards. Errors: kWeightsMismatch (no such layer, wrong sizes, bad scales).
  Status SetWeights(std::string_view layer, const LayerWeights& weights);
  // Gives the memory of all packed weights and of the activations back, until SetWeights packs all layers anew.
  void ForgetWeights();
  // What the quantization divided a convolution's output channels by, from channel `first` on, so that they fit one
  // scale. Layers that share its channels (a stage's residual stream) share its factors. Taps multiply them back.
  // Errors: kWeightsMismatch (no such convolution or channels, a factor that is not a positive number).
  Status SetEqualization(std::string_view layer, size_t first, std::span<const float> factors);
  // Names of convolutions and fc that have no weights yet, in network order.
  std::vector<std::string> MissingLayers() const;

  // Fits all operators to `n` images of height x width; does nothing when that is what they fit already.
  // Errors: kNotReady (weights missing), kInvalidArgument (n or a side out of range), kOutOfMemory.
  Status Prepare(int n, int height, int width);

  // int8: the codes of one image of the prepared batch, NHWC with 3 channels, as input_quantization() says.
  void SetInputCodes(int image, std::span<const uint8_t> codes);
  // f32: the prepared input, NHWC with 3 channels, to be written in place. Overwritten by Run.
  std::span<float> input_reals();
  // Fills the input from a normalized NCHW tensor of the prepared shape, quantizing it where the network is int8.
  void SetInput(std::span<const float> nchw);
  // Codes of the int8 input.
  const InputQuantization& input_quantization() const { return input_quantization_; }

  // Runs the prepared batch. The input is consumed.
  // Fills the taps; their rows are FindStage's.
  Status Run(const LayerObserver& observer = {}, std::span<Tap> taps = {});
  // Whether the row has an operator of its own; fused additions have none.
  bool HasOperator(size_t row) const { return operators_[row].has_value(); }
  // One row of Run, for those who time rows or pause between them: all must run, in order. A row without an operator
  // has nothing to do but to fill its taps.
  Status RunRow(size_t row, std::span<Tap> taps = {});
  // n x classes, valid until the next Prepare or Run.
  std::span<const float> logits() const { return logits_; }
  // Height and width of a row's output in the prepared shape.
  Extent extent(size_t row) const { return extents_[row]; }
  // Scores of the classes, and where in the last stage: n * height * width positions, rows of an image first.
  using PositionScores = std::function<void(size_t position, std::span<const float> scores)>;
  // The classifier at each position of the last stage, which Run has left in place, instead of at their mean: the
  // mean of the scores over an image's positions is its logits (int8: but for the rounding of the pooled features).
  Status ScorePositions(const PositionScores& take);
  // Of the classifier: one value a class.
  std::span<const float> head_bias() const { return head_bias_; }
  // Bytes of the activation arena.
  size_t arena_bytes() const { return arena_bytes_; }

 private:
  Network() = default;

  struct FreeArena {
    void operator()(void* p) const;
  };

  Status QuantizeTensors();
  size_t ElementBytes() const { return options_.precision == Precision::kInt8 ? 1 : 4; }
  // int8: additions are done by the convolution that ends the block; their rows have no operator of their own.
  bool IsFused(const Layer& layer) const {
    return options_.precision == Precision::kInt8 && layer.kind == LayerKind::kAdd;
  }
  // The addition that the row's convolution does, or kNoLayer.
  int FusedAddition(size_t row) const;
  // Of a convolution's kernels.
  resnet50_int8_form Form(size_t row) const;
  // Whether a convolution reads the row's output itself, in eight bits and as unsigned bytes.
  bool IsReadUnsigned(size_t row) const;
  OperatorQuantization QuantizationAround(size_t row) const;
  TensorQuantization OutputQuantization(int row) const;
  size_t InputBytes(int n, int height, int width) const;
  // int8: a row of the input, counted through the batch.
  int8_t* InputRow(size_t row) const;
  Status CreateWeightless();
  Status Reshape(int n, int height, int width);
  Status Setup();
  void UseThreads(size_t threads);
  void* TensorOf(int row) const { return static_cast<char*>(arena_.get()) + tensor_offsets_[size_t(row + 1)]; }
  void Copy(Tap& tap) const;
  // The factors of a row's output channels; empty for none.
  std::span<const float> EqualizationOf(size_t row) const;

  NetworkOptions options_;
  std::vector<Layer> layers_;
  ThreadPool pool_;
  std::optional<ThreadWatch> watch_;
  InputQuantization input_quantization_{};
  EightBitForm eight_bits_{};                            // int8: of the stem, and of all where they have eight bits
  std::vector<TensorQuantization> output_quantization_;  // by row; unused entries are zero
  std::vector<std::optional<Operator>> operators_;       // by row

  // The prepared shape and its plan.
  int n_ = 0, height_ = 0, width_ = 0;
  std::vector<Extent> extents_;         // outputs, by row
  std::vector<size_t> tensor_offsets_;  // in the arena; [0] is the input, [i + 1] row i's output
  size_t scratch_offset_ = 0;
  size_t arena_bytes_ = 0;
  std::unique_ptr<void, FreeArena> arena_;
  std::vector<float> logits_;
  std::vector<float> head_bias_;
  std::vector<std::vector<float>> equalization_;  // by row; empty for none
};

}  // namespace resnet50
