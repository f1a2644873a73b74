// libFuzzer's entry points for one target (RESNET50_FUZZ_TARGET). Mutated files get their checksums repaired, or nearly
// all of them would end at the first one.
#include <cstring>
#include <vector>

#include "checksums.h"
#include "targets.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A copy of exactly this size, which the sanitizer watches to the byte.
  const std::vector<uint8_t> bytes(data, data + size);
  resnet50::fuzz::RESNET50_FUZZ_TARGET(bytes);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  const size_t mutated = LLVMFuzzerMutate(data, size, max_size);
  // One in eight keeps its broken checksums, so that refusing them is exercised too.
  if (seed % 8 != 0) resnet50::fuzz::RepairChecksums({data, mutated});
  return mutated;
}
