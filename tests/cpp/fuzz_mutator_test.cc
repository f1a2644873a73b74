// The mutator of pictures: its mutants are the same for the same seed, never too long, differ from their files, and
// most of them get past the reader of headers, which is what it is for.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "image/header.h"
#include "image_mutator.h"
#include "image_parts.h"

namespace resnet50 {
namespace {

using File = std::vector<uint8_t>;

File Read(const std::string& name) {
  std::ifstream file(std::filesystem::path(RESNET50_TEST_DATA) / "image" / name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

constexpr const char* kFiles[] = {"jpeg420.jpg", "jpeg444-progressive.jpg", "jpeg-cmyk.jpg",
                                  "rgb8.png",    "palette8-adam7.png",      "rgb-transparent.png"};
constexpr uint32_t kSeeds = 1000;

TEST(ImageParts, FilesComeOutAsTheyWentIn) {
  for (const char* name : kFiles) {
    const File file = Read(name);
    const auto parts = fuzz::TakeApart(file);
    ASSERT_TRUE(parts) << name;
    EXPECT_GT(parts->parts.size(), 2U) << name;
    EXPECT_EQ(fuzz::PutTogether(*parts, SIZE_MAX), file) << name;
  }
}

TEST(ImageMutator, MutantsDifferAndMostAreReadAsPictures) {
  for (const char* name : kFiles) {
    const File file = Read(name);
    int read = 0, same = 0;
    std::set<File> mutants;
    for (uint32_t seed = 0; seed < kSeeds; ++seed) {
      const File mutant = fuzz::MutateImage(file, 4096, seed);
      read += ReadHeader(mutant).ok();
      same += mutant == file;
      mutants.insert(mutant);
    }
    EXPECT_GT(read, int(kSeeds) / 2) << name;
    EXPECT_LT(read, int(kSeeds)) << name << ": refusals are to be seen too";
    EXPECT_LT(same, int(kSeeds) / 5) << name;
    EXPECT_GT(mutants.size(), kSeeds / 2) << name;
  }
}

TEST(ImageMutator, TheSameSeedMakesTheSameMutant) {
  const File file = Read("jpeg422.jpg"), other = Read("jpeg420.jpg");
  for (uint32_t seed = 0; seed < 100; ++seed) {
    EXPECT_EQ(fuzz::MutateImage(file, 4096, seed), fuzz::MutateImage(file, 4096, seed));
    EXPECT_EQ(fuzz::SpliceImages(file, other, 4096, seed), fuzz::SpliceImages(file, other, 4096, seed));
  }
}

TEST(ImageMutator, NoMutantIsTooLong) {
  for (const char* name : kFiles) {
    File file = Read(name);
    for (const size_t most : {size_t{2}, size_t{7}, size_t{100}, file.size(), file.size() + 40}) {
      for (uint32_t seed = 0; seed < 200; ++seed) {
        EXPECT_LE(fuzz::MutateImage(file, most, seed).size(), most);
        EXPECT_LE(fuzz::SpliceImages(file, file, most, seed).size(), most);
      }
    }
  }
}

// Mutants of mutants, as fuzzers make them: whatever they have become is taken apart again.
TEST(ImageMutator, GoesOnFromItsOwnMutants) {
  for (const char* name : kFiles) {
    File file = Read(name);
    for (uint32_t seed = 0; seed < kSeeds; ++seed) {
      File mutant = fuzz::MutateImage(file, 4096, seed);
      if (!mutant.empty()) file = std::move(mutant);
    }
    EXPECT_LE(file.size(), 4096U);
  }
}

TEST(ImageMutator, TheByteOfOptionsStaysInFront) {
  const File file = Read("rgb8.png");
  File with_options = {3};
  with_options.insert(with_options.end(), file.begin(), file.end());
  int kept = 0;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const File mutant = fuzz::MutateImage(with_options, 4096, seed);
    ASSERT_GT(mutant.size(), 9U);
    EXPECT_EQ(mutant[1], 0x89);
    kept += mutant[0] == 3;
  }
  EXPECT_GT(kept, 150);
}

TEST(ImageMutator, OtherFilesAreNotItsBusiness) {
  EXPECT_TRUE(fuzz::MutateImage({}, 4096, 1).empty());
  EXPECT_TRUE(fuzz::MutateImage(Read("rgb24.bmp"), 4096, 1).empty());
  EXPECT_TRUE(fuzz::SpliceImages(Read("rgb8.png"), Read("jpeg420.jpg"), 4096, 1).empty());
}

}  // namespace
}  // namespace resnet50
