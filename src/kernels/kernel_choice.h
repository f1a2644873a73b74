// Which form of our int8 kernels this machine runs fastest. All forms give the same bits, so the choice is about speed
// only, and is made by probing what the engine makes of an instruction, not by guessing the CPU.
#pragma once

#include "kernels/int8_kernels.h"

namespace resnet50 {

// For 7-bit activations: the fastest form compiled into this flavor. Takes no time.
resnet50_int8_form BestInt8Form();

// The fastest form that is exact for all eight bits by the specification.
resnet50_int8_form ExactInt8Form();

// For activations that are bytes of all eight bits (always those of the first convolution): the fastest form that is
// exact for them here. It reads them as 0..255, or as -128..127.
struct EightBitForm {
  resnet50_int8_form form;
  bool unsigned_input;
};
EightBitForm BestEightBitForm();

// scalar, simd, relaxed-i32 or relaxed-i16: for benchmarks.
const char* Name(resnet50_int8_form form);

}  // namespace resnet50
