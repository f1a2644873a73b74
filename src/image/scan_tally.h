// Which coefficients of a JPEG its scans have brought.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace resnet50 {

// What the scans of a JPEG have brought so far: tells a file that only lacks its end from one that lacks pixels.
class ScanTally {
 public:
  // The component entries of a frame header.
  void Frame(std::span<const uint8_t> entries, bool progressive) {
    progressive_ = progressive;
    for (size_t i = 0; i + 3 <= entries.size() && count_ < components_.size(); i += 3) {
      Component& c = components_[count_++];
      c = {entries[i], std::max(1, entries[i + 1] >> 4), std::max(1, entries[i + 1] & 15), ~uint64_t{0}};
      most_h_ = std::max(most_h_, c.h);
      most_v_ = std::max(most_v_, c.v);
    }
  }

  void set_restart_interval(int blocks) { interval_ = blocks; }

  // A scan header's contents, and the restart markers in the data after it.
  void Scan(std::span<const uint8_t> segment, int restarts, int width, int height) {
    const size_t n = segment.empty() ? 0 : segment[0];
    if (n == 0 || segment.size() < 4 + 2 * n) return;
    const uint8_t* spectrum = segment.data() + 1 + 2 * n;
    const int first = std::min<int>(spectrum[0], 63), last = std::min<int>(spectrum[1], 63);
    const bool final_bits = !progressive_ || (spectrum[2] & 15) == 0;
    const Component* only = nullptr;
    for (size_t i = 0; i < n; ++i) {
      for (Component& c : std::span(components_).first(count_)) {
        if (c.id != segment[1 + 2 * i]) continue;
        only = &c;
        c.in_scan = true;
        for (int k = first; k <= last && final_bits; ++k) c.missing &= ~(uint64_t{1} << k);
        if (!progressive_) c.missing = 0;
        break;  // the decoder knows one component by its identifier
      }
    }
    if (only == nullptr) return;
    const int h = n == 1 ? only->h : 1, v = n == 1 ? only->v : 1;
    const int64_t units = Blocks(width, h, most_h_) * Blocks(height, v, most_v_);
    has_restarts_ = interval_ == 0 || restarts >= (units - 1) / interval_;
  }

  // False if the last scan has fewer restart markers than its interval asks for.
  bool HasRestarts() const { return has_restarts_; }

  // True if every component came in some scan. The decoder leaves the pixels of the others as they are.
  bool HasAllComponents() const {
    const auto components = std::span(components_).first(count_);
    return std::all_of(components.begin(), components.end(), [](const Component& c) { return c.in_scan; });
  }

  // True if every coefficient came in some scan, and the last scan has its restart markers.
  bool IsComplete() const {
    const auto components = std::span(components_).first(count_);
    return count_ > 0 && has_restarts_ &&
           std::all_of(components.begin(), components.end(), [](const Component& c) { return c.missing == 0; });
  }

 private:
  struct Component {
    uint8_t id;
    int h, v;          // sampling factors
    uint64_t missing;  // coefficients, by position in zigzag order
    bool in_scan = false;
  };

  // Blocks (or, for factor 1 of several components, units of them) along a side.
  static int64_t Blocks(int side, int factor, int most) {
    const int64_t samples = (int64_t{side} * factor + most - 1) / most;
    return (samples + 7) / 8;
  }

  std::array<Component, 4> components_{};
  size_t count_ = 0;
  int most_h_ = 1, most_v_ = 1, interval_ = 0;
  bool progressive_ = false, has_restarts_ = true;
};

}  // namespace resnet50
