// Pictures for calibration when the user has none: "dead leaves", overlapping discs and boxes whose sizes follow a
// power law, which share the edges, flat areas and scale invariance of photos (Lee, Mumford and Huang, "Occlusion
// models for natural images", 2001). Deterministic: the same index gives the same pixels everywhere.
#pragma once

#include <cstdint>
#include <vector>

namespace resnet50 {

// 8-bit RGB, side x side, rows top to bottom. side in [1, 4096].
std::vector<uint8_t> GenerateCalibrationImage(uint32_t index, int side);

}  // namespace resnet50
