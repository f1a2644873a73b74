// Checkpoints whose weights were product-quantized repeat the same short vectors of weights all over. Rounded on one
// grid a layer, the repeats survive, and a general compressor finds them. Knows folded layers only.
#pragma once

#include "quantize/fold.h"

namespace resnet50 {

// Whether the layer, before batch norm was folded in, repeats whole kernels (or runs of four inputs of a 1x1 one).
bool RepeatsVectors(const Layer& layer, const FoldedLayer& folded);

// One step before folding for the whole layer, so each channel's is that times its batch-norm factor.
std::vector<float> SharedSteps(const FoldedLayer& folded);

}  // namespace resnet50
