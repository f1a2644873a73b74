// One quantization of a checkpoint's network on calibration images, in steps that a caller can show the progress of.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "convert/checkpoint_network.h"
#include "image/image.h"
#include "image/transform.h"
#include "network/network.h"
#include "quantize/activation_statistics.h"
#include "quantize/quantizer.h"

namespace resnet50 {

// What it is done on. Everything outlives the run.
struct QuantizationSubject {
  const CheckpointNetwork& checkpoint;
  Network& network;  // f32, with the checkpoint's weights; has them again when the run is done or gone
  std::span<const Image> crops;
  const Transforms& transforms;
  bool has_generated_images;
};

class QuantizationRun {
 public:
  QuantizationRun(const QuantizationSubject& subject, const QuantizationOptions& options);
  ~QuantizationRun();
  QuantizationRun(const QuantizationRun&) = delete;
  QuantizationRun& operator=(const QuantizationRun&) = delete;

  // Does a part of it; the share done so far, 1.0 when all is. Errors: kOutOfMemory, kInternal, those of Network.
  Result<double> Continue();
  bool done() const { return phase_ == Phase::kDone; }
  // Ranges, reports and layers; whole once the run is done.
  const Quantizer& quantizer() const { return *quantizer_; }

 private:
  // In this order, each for as many steps as it takes.
  enum class Phase : uint8_t { kMatch, kObserve, kPrepare, kQuantize, kDone };

  Status Match();
  Result<bool> Observe();
  Status Prepare();
  Result<bool> Quantize();
  Status RestoreNetwork();
  double Share() const;

  QuantizationSubject subject_;
  QuantizationOptions options_;
  Phase phase_ = Phase::kMatch;
  std::vector<FoldedLayer> weights_;  // by row, until the quantizer has them
  std::vector<ChannelMap> maps_;      // by row, where the weights are matched
  bool is_changed_ = false;           // the network has other weights than the checkpoint's, or none
  ActivationStatistics statistics_;
  std::unique_ptr<Quantizer> quantizer_;
};

// Puts the layers' weights into a network, by row. Errors: those of Network::SetWeights.
Status SetFoldedLayers(Network& network, const std::vector<FoldedLayer>& layers);

}  // namespace resnet50
