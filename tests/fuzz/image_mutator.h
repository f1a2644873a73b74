// Mutants of JPEG and PNG files that readers take for such files: changed segment by segment and chunk by chunk, with
// right lengths and checksums, so that the change reaches the code behind them.
#pragma once

#include <cstdint>
#include <vector>

#include "targets.h"

namespace resnet50::fuzz {

// A mutant of at most `max_size` bytes; empty if the file is neither JPEG nor PNG. A byte of options may come before
// the file's signature (the target `decode`); it stays there. The same file and seed make the same mutant.
std::vector<uint8_t> MutateImage(Bytes file, size_t max_size, uint32_t seed);

// The first file with parts of the second; empty if they are not of one format.
std::vector<uint8_t> SpliceImages(Bytes first, Bytes second, size_t max_size, uint32_t seed);

}  // namespace resnet50::fuzz
