// Weights into the layouts that our kernels read, at the speed of memory: XNNPACK's own packing goes byte by byte and
// took a third of the time to load a model. Plain C, because XNNPACK's configuration takes it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// How the 32 weights of a step (8 outputs x 4 channels) lie.
enum resnet50_int8_layout {
  resnet50_int8_by_output,   // output after output, its four channels together
  resnet50_int8_by_pair,     // two channels of all outputs, then the other two
  resnet50_int8_with_spill,  // by output; no sum over two steps leaves int16
};

// What a layout with spill takes out of its panels. Two steps' products are summed in int16, in lanes of two channels
// each: a lane of activations 0..127 stays within if its positive weights sum to at most 258, and its negative ones.
// Of a lane whose weights do not, the second step's are moved here; the sums stay the same integers.
struct resnet50_int8_spilled {
  uint16_t tap, channel;  // whose activations it multiplies: channel .. channel + 3
  int8_t weights[32];     // a step, by output
};
enum { RESNET50_INT8_LANE_LIMIT = 258 };  // * 127 <= INT16_MAX

struct resnet50_int8_spill;  // all of a convolution's: int8_spill.h

// `outputs` rows of `taps` x `channels` int8 weights (OHWI), int32 biases and room for the scales, in panels of 8
// outputs. Biases are corrected for the input's zero point. `panel_tail` bytes are left free behind every panel.
// `spill` is filled anew for the layout that has one, and null for others.
void resnet50_int8_pack(enum resnet50_int8_layout layout, size_t outputs, size_t taps, size_t channels,
                        const int8_t* weights, const int32_t* bias, int32_t input_zero_point, size_t panel_tail,
                        void* packed, struct resnet50_int8_spill* spill);

#ifdef __cplusplus
}
#endif
