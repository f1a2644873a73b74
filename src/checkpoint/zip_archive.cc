#include "checkpoint/zip_archive.h"

#include <unzip.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "weights/tensor_type.h"

namespace resnet50 {
namespace {

constexpr uint16_t kStored = 0, kDeflated = 8;
constexpr uint16_t kEncrypted = 1;
// Deflate cannot do better: 258 bytes from two bits of a block, plus headers.
constexpr uint64_t kMaxDeflateRatio = 1032;
constexpr uint64_t kInflateStep = uint64_t{1} << 20;

// A file in memory, as minizip's callbacks see it.
struct Source {
  std::span<const uint8_t> bytes;
  uint64_t position = 0;    // may lie behind the end, where reads give nothing
  bool short_read = false;  // the last read gave less than was asked for
};

void* OpenSource(void* opaque, const void*, int) { return opaque; }

uLong ReadSource(void*, void* stream, void* to, uLong size) {
  Source& source = *static_cast<Source*>(stream);
  source.short_read = source.position >= source.bytes.size() || size > source.bytes.size() - source.position;
  if (source.position >= source.bytes.size()) return 0;
  const size_t count = std::min<size_t>(size, source.bytes.size() - size_t(source.position));
  std::memcpy(to, source.bytes.data() + source.position, count);
  source.position += count;
  return uLong(count);
}

ZPOS64_T TellSource(void*, void* stream) { return static_cast<Source*>(stream)->position; }

// Offsets from the current position may be negative: minizip casts them, so the sum wraps as it should.
long SeekSource(void*, void* stream, ZPOS64_T offset, int origin) {
  Source& source = *static_cast<Source*>(stream);
  const uint64_t base = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                        : origin == ZLIB_FILEFUNC_SEEK_CUR ? source.position
                                                           : source.bytes.size();
  source.position = base + offset;
  return source.position <= source.bytes.size() ? 0 : -1;
}

int CloseSource(void*, void*) { return 0; }
// minizip asks after a short read, and takes "no error" for fields of zero at the end of the file.
int TestSource(void*, void* stream) { return static_cast<Source*>(stream)->short_read ? -1 : 0; }

uint32_t Crc(std::span<const uint8_t> bytes) { return uint32_t(crc32_z(0, bytes.data(), bytes.size())); }

}  // namespace

struct ZipArchive::Reader {
  Source source;
  unzFile zip = nullptr;

  explicit Reader(std::span<const uint8_t> bytes) : source{bytes} {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (zip != nullptr) unzClose(zip);
  }

  bool Open() {
    zlib_filefunc64_def functions{OpenSource, ReadSource,  nullptr,    TellSource,
                                  SeekSource, CloseSource, TestSource, &source};
    zip = unzOpen2_64("", &functions);
    return zip != nullptr;
  }
};

ZipArchive::ZipArchive(std::span<const uint8_t> bytes, std::string_view file_name)
    : bytes_(bytes), file_name_(file_name), reader_(std::make_unique<Reader>(bytes)) {}
ZipArchive::ZipArchive(ZipArchive&&) noexcept = default;
ZipArchive& ZipArchive::operator=(ZipArchive&&) noexcept = default;
ZipArchive::~ZipArchive() = default;

Error ZipArchive::Fail(std::string message) const {
  return {ErrorCode::kCheckpointFormat, file_name_, std::move(message)};
}

Error ZipArchive::FailEntry(std::string_view name, std::string_view what) const {
  return Fail("entry '" + PrintableName(name) + "' " + std::string(what));
}

Result<ZipArchive> ZipArchive::Open(std::span<const uint8_t> bytes, std::string_view file_name) {
  ZipArchive archive(bytes, file_name);
  if (!archive.reader_->Open())
    return archive.Fail("is a zip archive without a directory: it is incomplete, fetch it again");
  if (Status status = archive.ReadDirectory(); !status) return std::move(status).error();
  return archive;
}

Status ZipArchive::ReadDirectory() {
  const unzFile zip = reader_->zip;
  unz_global_info64 global{};
  unzGetGlobalInfo64(zip, &global);
  if (global.number_entry > kMaxZipEntries) return Fail("is a zip archive with too many entries");
  std::string name;
  int status = global.number_entry == 0 ? UNZ_END_OF_LIST_OF_FILE : unzGoToFirstFile(zip);
  while (status == UNZ_OK) {
    unz_file_info64 info{};
    unz64_file_pos place{};
    if (entries_.size() == kMaxZipEntries) return Fail("is a zip archive with too many entries");
    if (unzGetCurrentFileInfo64(zip, &info, nullptr, 0, nullptr, 0, nullptr, 0) != UNZ_OK) break;
    name.resize(info.size_filename);
    if (unzGetCurrentFileInfo64(zip, &info, name.data(), uLong(name.size()), nullptr, 0, nullptr, 0) != UNZ_OK) break;
    unzGetFilePos64(zip, &place);
    const Entry entry{place.pos_in_zip_directory, place.num_of_file,  info.uncompressed_size,
                      info.compressed_size,       uint32_t(info.crc), uint16_t(info.compression_method),
                      uint16_t(info.flag)};
    if (!entries_.emplace(name, entry).second) return FailEntry(name, "is there twice");
    status = unzGoToNextFile(zip);
  }
  if (status != UNZ_END_OF_LIST_OF_FILE || entries_.size() != global.number_entry) {
    return Fail("is a zip archive with a broken directory: fetch it again");
  }
  return {};
}

Result<std::span<const uint8_t>> ZipArchive::Read(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return FailEntry(name, "is missing");
  const Entry& entry = found->second;
  if ((entry.flags & kEncrypted) != 0) return FailEntry(name, "is encrypted");
  if (entry.method != kStored && entry.method != kDeflated) {
    return FailEntry(name, "has a compression other than deflate: pack the archive anew without compression");
  }
  const unz64_file_pos place{entry.position, entry.number};
  if (unzGoToFilePos64(reader_->zip, &place) != UNZ_OK ||
      unzOpenCurrentFile2(reader_->zip, nullptr, nullptr, entry.method == kStored) != UNZ_OK) {
    return FailEntry(name, "contradicts the archive's directory: fetch the file again");
  }
  Result<std::span<const uint8_t>> contents = entry.method == kStored ? Stored(name, entry) : Deflated(name, entry);
  unzCloseCurrentFile(reader_->zip);
  if (contents && Crc(contents.value()) != entry.crc) {
    return FailEntry(name, "is damaged (CRC-32 differs): fetch the file again");
  }
  return contents;
}

Result<std::span<const uint8_t>> ZipArchive::Stored(std::string_view name, const Entry& entry) const {
  const uint64_t begin = unzGetCurrentFileZStreamPos64(reader_->zip);
  if (entry.packed_size != entry.size) return FailEntry(name, "is stored in another size than its own");
  if (begin > bytes_.size() || entry.size > bytes_.size() - begin) return FailEntry(name, "lies outside of the file");
  return bytes_.subspan(size_t(begin), size_t(entry.size));
}

Result<std::span<const uint8_t>> ZipArchive::Deflated(std::string_view name, const Entry& entry) {
  if (entry.packed_size > bytes_.size()) return FailEntry(name, "lies outside of the file");
  if (entry.size / kMaxDeflateRatio > entry.packed_size) return FailEntry(name, "claims an impossible size");
  if (entry.size > kMaxUnpackedBytes - unpacked_) return FailEntry(name, "makes the archive unpack to more than 1 GiB");
  OwnedBytes buffer(new (std::nothrow) uint8_t[size_t(entry.size)]);
  if (buffer == nullptr)
    return Error{ErrorCode::kOutOfMemory, file_name_, "entry '" + PrintableName(name) + "' does not fit in memory"};
  uint64_t filled = 0;
  while (filled < entry.size) {
    const unsigned step = unsigned(std::min(kInflateStep, entry.size - filled));
    const int count = unzReadCurrentFile(reader_->zip, buffer.get() + filled, step);
    if (count <= 0) return FailEntry(name, "is damaged: fetch the file again");
    filled += uint64_t(count);
  }
  unpacked_ += entry.size;
  const std::span<const uint8_t> view(buffer.get(), size_t(entry.size));
  buffers_.push_back(std::move(buffer));
  return view;
}

}  // namespace resnet50
