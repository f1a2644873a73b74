#include "convert/gzip.h"

#include <zlib.h>

namespace resnet50 {
namespace {

constexpr int kBestLevel = 9, kMostMemory = 9;
constexpr int kGzipWindow = 15 + 16;  // 32 KiB; 16 asks for gzip's header

Result<std::vector<uint8_t>> Deflate(std::span<const uint8_t> bytes, int strategy) {
  const Error failure{ErrorCode::kOutOfMemory, "gzip", "memory ran out while compressing a shard"};
  z_stream stream{};
  if (deflateInit2(&stream, kBestLevel, Z_DEFLATED, kGzipWindow, kMostMemory, strategy) != Z_OK) return failure;
  std::vector<uint8_t> output(deflateBound(&stream, uLong(bytes.size())));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = uInt(bytes.size());
  stream.next_out = output.data();
  stream.avail_out = uInt(output.size());
  const int status = deflate(&stream, Z_FINISH);
  output.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) return failure;
  return output;
}

}  // namespace

// Weights that repeat nothing are shorter without the three-byte matches that chance brings.
Result<std::vector<uint8_t>> Gzip(std::span<const uint8_t> bytes) {
  Result<std::vector<uint8_t>> matched = Deflate(bytes, Z_DEFAULT_STRATEGY);
  if (!matched) return matched;
  Result<std::vector<uint8_t>> plain = Deflate(bytes, Z_HUFFMAN_ONLY);
  if (!plain) return plain;
  return plain->size() < matched->size() ? std::move(plain) : std::move(matched);
}

}  // namespace resnet50
