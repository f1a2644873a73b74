// Seeded mutants of picture files for programs that are no fuzzers: the comparison with Pillow, the compiled package.
//
//   image_mutants SEED COUNT MAX_BYTES FOLDER...   all pictures below the folders as they are, then COUNT mutants of
//   them
//
// Each on stdout as its length (4 bytes, little-endian) and its bytes. The same files and seed give the same mutants.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "dice.h"
#include "image_mutator.h"

namespace {

using namespace resnet50::fuzz;
using File = std::vector<uint8_t>;

// Files of the target `decode` have a byte of options before their signature, which readers of pictures do not know.
void DropOptions(File& file) {
  constexpr uint8_t kSecond[] = {0xD8, 'P', 'M'};
  constexpr uint8_t kFirst[] = {0xFF, 0x89, 'B'};
  for (size_t i = 0; i < 3 && file.size() > 2; ++i) {
    if (file[1] == kFirst[i] && file[2] == kSecond[i]) {
      file.erase(file.begin());
      return;
    }
  }
}

std::vector<File> FilesBelow(int count, char** folders, size_t max_size) {
  std::vector<std::filesystem::path> paths;
  for (int i = 0; i < count; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folders[i])) {
      if (entry.is_regular_file() && entry.file_size() <= max_size) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<File> files;
  for (const auto& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    File file{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    DropOptions(file);
    const bool bitmap = file.size() > 1 && file[0] == 'B' && file[1] == 'M';
    if (bitmap || !MutateImage(file, max_size, 0).empty()) files.push_back(std::move(file));
  }
  return files;
}

File Mutant(const std::vector<File>& files, size_t max_size, Dice& dice) {
  File file = files[dice.Below(files.size())];
  if (dice.OneIn(8)) {
    File spliced = SpliceImages(file, files[dice.Below(files.size())], max_size, uint32_t(dice.Below(SIZE_MAX)));
    if (!spliced.empty()) file = std::move(spliced);
  }
  File mutant = MutateImage(file, max_size, uint32_t(dice.Below(SIZE_MAX)));
  if (mutant.empty()) {  // no JPEG or PNG
    mutant = std::move(file);
    MutateBytes(mutant, dice);
  }
  return mutant;
}

bool Put(const File& file) {
  const size_t size = file.size();
  const uint8_t length[] = {uint8_t(size), uint8_t(size >> 8), uint8_t(size >> 16), uint8_t(size >> 24)};
  return std::fwrite(length, 1, 4, stdout) == 4 && std::fwrite(file.data(), 1, size, stdout) == size;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: image_mutants SEED COUNT MAX_BYTES FOLDER...\n");
    return 2;
  }
  const long count = std::atol(argv[2]);
  const size_t max_size = size_t(std::atol(argv[3]));
  const std::vector<File> files = FilesBelow(argc - 4, argv + 4, max_size);
  if (files.empty()) {
    std::fprintf(stderr, "image_mutants: no pictures of at most %zu bytes below these folders\n", max_size);
    return 1;
  }
  Dice dice(uint32_t(std::atol(argv[1])));
  for (const File& file : files) {
    if (!Put(file)) return 0;
  }
  for (long i = 0; i < count; ++i) {
    if (!Put(Mutant(files, max_size, dice))) return 0;  // the reader has enough
  }
  return 0;
}
