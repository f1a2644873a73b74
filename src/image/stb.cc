#include "image/stb.h"

#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace {

// stb_image takes its allocator by macro and gives it no context, so the budget of the decoding in progress is a
// variable of the thread; it means nothing between calls.
thread_local size_t budget_left = 0;
thread_local bool budget_exceeded = false;
// What the decoder's memory holds at first: a scan that ends early leaves pixels unwritten, and what was there before
// is nobody's business.
thread_local uint8_t unwritten = 0;

void* BudgetedMalloc(size_t bytes) {
  if (bytes > budget_left) {
    budget_exceeded = true;
    return nullptr;
  }
  void* block = unwritten == 0 ? std::calloc(1, bytes) : std::malloc(bytes);
  if (block != nullptr && unwritten != 0) std::memset(block, unwritten, bytes);
  if (block != nullptr) budget_left -= bytes;
  return block;
}

void* BudgetedRealloc(void* block, size_t old_bytes, size_t bytes) {
  const size_t more = bytes > old_bytes ? bytes - old_bytes : 0;
  if (more > budget_left) {
    budget_exceeded = true;
    return nullptr;
  }
  void* moved = std::realloc(block, bytes);
  if (moved != nullptr) budget_left -= more;
  return moved;
}

}  // namespace

#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS (1 << 24)
#define STBI_MALLOC(bytes) BudgetedMalloc(bytes)
#define STBI_REALLOC_SIZED(block, old_bytes, bytes) BudgetedRealloc(block, old_bytes, bytes)
#define STBI_FREE(block) std::free(block)
#define STBI_ASSERT(condition) ((void)0)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>
#pragma GCC diagnostic pop

// stb_image's readers of these formats have known, unfixed memory errors: they must not even be compiled.
#if !defined(STBI_NO_GIF) || !defined(STBI_NO_PIC) || !defined(STBI_NO_TGA) || !defined(STBI_NO_HDR) || \
    !defined(STBI_NO_PSD) || !defined(STBI_NO_PNM) || !defined(STBI_NO_BMP)
#error "stb_image must be compiled for JPEG and PNG only"
#endif

namespace resnet50 {

StbImage::StbImage(StbImage&& other) noexcept
    : pixels(std::exchange(other.pixels, nullptr)),
      width(other.width),
      height(other.height),
      failure(other.failure),
      out_of_memory(other.out_of_memory) {}

StbImage& StbImage::operator=(StbImage&& other) noexcept {
  std::swap(pixels, other.pixels);
  width = other.width, height = other.height;
  failure = other.failure, out_of_memory = other.out_of_memory;
  return *this;
}

StbImage::~StbImage() { std::free(pixels); }

namespace {

StbImage Decode(std::span<const uint8_t> bytes, int components, bool sixteen_bits, size_t budget) {
  StbImage image;
  budget_left = budget;
  budget_exceeded = false;
  stbi__g_failure_reason = nullptr;  // it stays from call to call, and not every failure sets it
  int stored = 0;
  const int size = int(bytes.size());
  image.pixels = sixteen_bits
                     ? reinterpret_cast<uint8_t*>(stbi_load_16_from_memory(bytes.data(), size, &image.width,
                                                                           &image.height, &stored, components))
                     : stbi_load_from_memory(bytes.data(), size, &image.width, &image.height, &stored, components);
  image.failure = stbi_failure_reason();
  if (image.pixels != nullptr) return image;
  if (image.failure == nullptr) image.failure = "unknown reason";
  // A file that needs more than the budget is hostile, not large: its size was checked before.
  image.out_of_memory = !budget_exceeded && std::strcmp(image.failure, "outofmem") == 0;
  return image;
}

// Whether two decodings wrote the same pixels.
bool AreSame(const StbImage& a, const StbImage& b, size_t bytes_per_pixel) {
  return b.pixels != nullptr &&
         std::memcmp(a.pixels, b.pixels, size_t(a.width) * size_t(a.height) * bytes_per_pixel) == 0;
}

}  // namespace

StbImage DecodeWithStb(std::span<const uint8_t> bytes, int components, bool sixteen_bits, size_t budget) {
  StbImage image;
  if (bytes.size() > size_t(INT_MAX)) {
    image.failure = "the file is larger than 2 GiB";
    return image;
  }
  image = Decode(bytes, components, sixteen_bits, budget);
  if (image.pixels == nullptr) return image;
  // Of a whole JPEG the reason says only that it is no PNG, which is tried first; of a whole PNG, nothing. Any other
  // comes from a JPEG that stops making sense somewhere. Where that is behind its last block, it is whole none the
  // less.
  const char* reason = std::exchange(image.failure, nullptr);
  if (reason == nullptr || std::strcmp(reason, "bad png sig") == 0) return image;
  unwritten = 0x55;
  const StbImage other = Decode(bytes, components, sixteen_bits, budget);
  unwritten = 0;
  if (AreSame(image, other, size_t(components) * (sixteen_bits ? 2 : 1))) return image;
  std::free(std::exchange(image.pixels, nullptr));
  image.failure = reason;
  return image;
}

bool HasRightChecksum(std::span<const uint8_t> zlib, size_t budget) {
  if (zlib.size() < 6 || zlib.size() > size_t(INT_MAX)) return false;
  budget_left = budget;
  budget_exceeded = false;
  int size = 0;
  char* data = stbi_zlib_decode_malloc_guesssize_headerflag(reinterpret_cast<const char*>(zlib.data()),
                                                            int(zlib.size()), 16384, &size, 1);
  if (data == nullptr) return false;
  // Adler-32 (RFC 1950).
  constexpr uint32_t kModulus = 65521;
  uint32_t sum = 1, sum_of_sums = 0;
  for (int i = 0; i < size; ++i) {
    sum = (sum + uint8_t(data[i])) % kModulus;
    sum_of_sums = (sum_of_sums + sum) % kModulus;
  }
  std::free(data);
  const auto stored = zlib.last(4);
  return (sum_of_sums << 16 | sum) ==
         (uint32_t(stored[0]) << 24 | uint32_t(stored[1]) << 16 | uint32_t(stored[2]) << 8 | stored[3]);
}

}  // namespace resnet50
