// Weights into the layout of int8_tile.h, at the speed of memory: XNNPACK's own packing goes byte by byte and took a
// third of the time to load a model. Plain C, because XNNPACK's configuration takes it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// `outputs` rows of `taps` x `channels` int8 weights (OHWI), int32 biases and room for the scales, in panels of 8
// outputs. Biases are corrected for the input's zero point. `panel_tail` bytes are left free behind every panel.
void resnet50_int8_pack(size_t outputs, size_t taps, size_t channels, const int8_t* weights, const int32_t* bias,
                        int32_t input_zero_point, size_t panel_tail, void* packed);

#ifdef __cplusplus
}
#endif
