// Included before every XNNPACK source of a native build: makes XNNPACK choose its portable C kernels on any CPU, so
// that the native core is small, runs under every sanitizer and fuzzer, and needs no kernel lists of its own.
#pragma once

#include "xnnpack/common.h"
#include "xnnpack/hardware-config.h"  // while an architecture is set: its enum of CPU features may not be empty

#undef XNN_ARCH_X86
#define XNN_ARCH_X86 0
#undef XNN_ARCH_X86_64
#define XNN_ARCH_X86_64 0
#undef XNN_ARCH_ARM
#define XNN_ARCH_ARM 0
#undef XNN_ARCH_ARM64
#define XNN_ARCH_ARM64 0
