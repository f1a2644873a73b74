// Reader of zip archives in memory (zlib's minizip). Knows entries by name, nothing of what they hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace resnet50 {

// Most entries that an archive may have; a ResNet-50 checkpoint has 322.
inline constexpr size_t kMaxZipEntries = 100'000;
// Most bytes that all compressed entries of an archive may unpack to. Stored entries are viewed, never copied.
inline constexpr uint64_t kMaxUnpackedBytes = uint64_t{1} << 30;

using OwnedBytes = std::unique_ptr<uint8_t[]>;

class ZipArchive {
 public:
  ZipArchive(ZipArchive&&) noexcept;
  ZipArchive& operator=(ZipArchive&&) noexcept;
  ~ZipArchive();

  // Reads the directory (zip and zip64). `bytes` must outlive the archive and every view of its entries.
  // Errors: kCheckpointFormat, with `file_name` as the subject: no or a broken directory, two entries of one name, too
  // many entries.
  static Result<ZipArchive> Open(std::span<const uint8_t> bytes, std::string_view file_name);

  struct Entry {
    uint64_t position, number;  // in the directory, as minizip counts
    uint64_t size, packed_size;
    uint32_t crc;
    uint16_t method, flags;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  const Entries& entries() const { return entries_; }
  bool Has(std::string_view name) const { return entries_.find(name) != entries_.end(); }

  // The contents of an entry, their CRC-32 checked: a view of the archive's bytes where the entry is stored, of a
  // buffer that this archive owns (until TakeBuffers) where it is deflated. Each call unpacks anew. Errors:
  // kCheckpointFormat (no such entry, out of the file, encrypted, another compression, wrong CRC or size, too large),
  // kOutOfMemory.
  Result<std::span<const uint8_t>> Read(std::string_view name);

  // Hands over the buffers that views of deflated entries lie in.
  std::vector<OwnedBytes> TakeBuffers() { return std::move(buffers_); }

 private:
  struct Reader;  // minizip's handle and the callbacks' view of the bytes

  ZipArchive(std::span<const uint8_t> bytes, std::string_view file_name);
  Error Fail(std::string message) const;
  Error FailEntry(std::string_view name, std::string_view what) const;
  Status ReadDirectory();
  Result<std::span<const uint8_t>> Stored(std::string_view name, const Entry& entry) const;
  Result<std::span<const uint8_t>> Deflated(std::string_view name, const Entry& entry);

  std::span<const uint8_t> bytes_;
  std::string file_name_;
  std::unique_ptr<Reader> reader_;
  Entries entries_;
  std::vector<OwnedBytes> buffers_;
  uint64_t unpacked_ = 0;  // bytes of all deflated entries read so far
};

}  // namespace resnet50
