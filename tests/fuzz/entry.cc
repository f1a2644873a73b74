// libFuzzer's entry points for one target (RESNET50_FUZZ_TARGET). Mutated files get their checksums repaired, or nearly
// all of them would end at the first one; of pictures, most are changed segment by segment.
#include <cstring>
#include <vector>

#include "checksums.h"
#include "image_mutator.h"
#include "targets.h"

namespace {

#ifdef RESNET50_FUZZ_IMAGES
constexpr bool kImages = true;
#else
constexpr bool kImages = false;
#endif

size_t Copy(const std::vector<uint8_t>& from, uint8_t* to) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
  return from.size();
}

}  // namespace

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A copy of exactly this size, which the sanitizer watches to the byte.
  const std::vector<uint8_t> bytes(data, data + size);
  resnet50::fuzz::RESNET50_FUZZ_TARGET(bytes);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  // One in four keeps libFuzzer's own ways, which know the dictionary and the values that the code compares with.
  if (kImages && seed % 4 != 0) {
    const size_t mutated = Copy(resnet50::fuzz::MutateImage({data, size}, max_size, seed), data);
    if (mutated > 0) return mutated;
  }
  const size_t mutated = LLVMFuzzerMutate(data, size, max_size);
  // One in eight keeps its broken checksums, so that refusing them is exercised too.
  if (seed % 8 != 0) resnet50::fuzz::RepairChecksums({data, mutated});
  return mutated;
}

#ifdef RESNET50_FUZZ_IMAGES
// libFuzzer asks as often for this as for the above; a length of 0 makes it choose again.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size, const uint8_t* second,
                                            size_t second_size, uint8_t* out, size_t max_size, unsigned seed) {
  if (seed % 4 != 0) return 0;
  return Copy(resnet50::fuzz::SpliceImages({first, first_size}, {second, second_size}, max_size, seed / 4), out);
}
#endif
