// The target `decode` over the output of image_mutants, for checks under which libFuzzer cannot run: files from stdin,
// each as its length (4 bytes, little-endian) and its bytes. Says how many there were.
#include <cstdio>
#include <vector>

#include "targets.h"

int main() {
  uint8_t length[4];
  uint32_t files = 0;
  for (; std::fread(length, 1, 4, stdin) == 4; ++files) {
    const size_t size = size_t(length[0]) | size_t(length[1]) << 8 | size_t(length[2]) << 16 | size_t(length[3]) << 24;
    std::vector<uint8_t> input(1 + size);
    input[0] = uint8_t(files);  // options
    if (std::fread(input.data() + 1, 1, size, stdin) != size) return 2;
    resnet50::fuzz::FuzzDecode(input);
  }
  std::printf("%u\n", files);
  return 0;
}
