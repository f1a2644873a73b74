// A folded network becomes an int8 one: equalized, then quantized layer by layer, each on what the quantized layers
// before it really give for the calibration images. Deterministic for any number of threads. Knows no checkpoint and no
// file.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "network/network.h"
#include "quantize/activation_statistics.h"
#include "quantize/batch_norm_match.h"
#include "quantize/error_compensation.h"
#include "quantize/fold.h"
#include "quantize/noise_gain.h"
#include "quantize/quantized_layer.h"
#include "quantize/range_search.h"
#include "quantize/second_moments.h"

namespace resnet50 {

// Every step can be left out, to see what it is worth. The defaults are the best mix for plain int8 shards.
struct QuantizationOptions {
  bool equalize = true;                        // equalize.h
  RangeMethod ranges = RangeMethod::kSquares;  // of activations
  bool compensate = true;                      // error_compensation.h; else weights are rounded to nearest
  bool correct_bias = true;                    // the mean of each channel is the f32 network's
  bool match_batch_norm = true;                // batch_norm_match.h, where calibration images are generated
  bool widen_ranges = false;                   // by range_search.h's margins: calibration images are generated
  MomentTrust trust = {};                      // error_compensation.h
  std::optional<double> compact_bits;          // coarse weights of so many bits each (weight_grid.h), 1..8
  double rate_weight = 1.0;                    // compact: worth of a bit against error; 1 is the grid's own slope
};

// What became of a row, for reports.
struct LayerReport {
  std::string name;
  double signal_to_noise;  // dB, of the row's stored output on the first calibration images, against f32
};

class Quantizer {
 public:
  // `weights` has one entry a row of the table; `images` are normalized square images, NHWC, all of `side`; statistics
  // are of the same images. `pool` outlives the quantizer.
  Quantizer(std::vector<Layer> layers, std::vector<FoldedLayer> weights, const ActivationStatistics& statistics,
            Range input, const QuantizationOptions& options, const ThreadPool& pool);

  // Equalizes and chooses grids; before the first image.
  void Prepare();
  // Takes the next calibration image, [side, side, 3] normalized reals.
  void AddImage(std::span<const float> reals, int side);
  // Quantizes the next row; false when all are done. Errors: kOutOfMemory, kInternal.
  Result<bool> Step();
  // Once, when all rows are done: takes back what MatchBatchNorm did to the weights. `maps` by row.
  void Unmatch(const std::vector<ChannelMap>& maps);

  size_t rows_done() const { return next_; }
  size_t rows() const { return layers_.size(); }

  // Results, whole when all rows are done.
  const QuantizedLayer& layer(size_t row) const { return quantized_[row]; }
  const RangeMap& ranges() const { return ranges_; }
  // What equalization divided the row's output channels by; empty where it did not.
  const std::vector<float>& factors(size_t row) const { return factors_[row]; }
  const std::vector<LayerReport>& reports() const { return reports_; }
  bool repeats_vectors() const { return repeats_vectors_; }

 private:
  void QuantizeWeights(size_t row);
  // Runs the row on all images, without a ReLU; the result is real-valued, before it gets codes.
  Result<std::vector<std::vector<float>>> RunRow(size_t row, Extent& out);
  void AddShortcut(const Layer& addition, std::vector<std::vector<float>>& sums) const;
  // Clamps `sums` (of the row's convolution, shortcut included) at zero, its bias corrected before. `stored`: the row
  // that the result is the output of.
  void FinishSums(size_t row, size_t stored, std::vector<std::vector<float>>& sums);
  // The least extent of the range of what a row puts out.
  float LeastExtent(size_t row) const;
  // What the range that was found for the row is multiplied by.
  float RangeMargin(size_t row) const;
  // Finds the row's range, of at least that extent, and stores its codes.
  void Store(size_t row, float least_extent, std::vector<std::vector<float>> outputs, Extent extent);
  void Report(size_t row);
  void CorrectLogits(size_t row);
  void FreeUnused(size_t row);
  // Mean square of the values of a patch that the row reads, summed over the patch.
  double PatchPower(size_t row) const;
  std::vector<float> StepsOf(size_t row, float input_scale) const;
  const CodedTensor& Input(size_t row) const;
  // The addition that a row ends in, or kNoLayer.
  int AdditionAfter(size_t row) const;
  // The f32 network's mean of the row's output, by channel, in the equalized network's terms.
  std::vector<double> RealMean(size_t row) const;

  std::vector<Layer> layers_;
  std::vector<FoldedLayer> weights_;  // by row, until it is quantized
  const ActivationStatistics& statistics_;
  Range input_range_;
  QuantizationOptions options_;
  const ThreadPool& pool_;

  bool repeats_vectors_ = false;
  NoiseGains gains_;
  std::vector<std::vector<float>> factors_;  // by row: what its stored output's channels were divided by; empty: 1
  std::vector<std::vector<float>> coarse_;   // by row: steps, compact only
  CodedTensor image_;
  std::vector<CodedTensor> tensors_;  // by row, while something still reads them
  std::vector<QuantizedLayer> quantized_;
  RangeMap ranges_;
  std::vector<LayerReport> reports_;
  size_t next_ = 0;
};

}  // namespace resnet50
