// Promises that the core makes to itself are checked where the build says so: in sanitized and fuzzing builds.
#include <gtest/gtest.h>

#include "base/check.h"
#include "base/result.h"

namespace resnet50 {
namespace {

TEST(Check, LetsThroughWhatHolds) { RESNET50_CHECK(1 + 1 == 2); }

TEST(Check, NamesFileAndConditionOfWhatDoesNot) {
#if defined(RESNET50_CHECKS) && GTEST_HAS_DEATH_TEST
  EXPECT_DEATH(RESNET50_CHECK(1 + 1 == 3), "base_check_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3");
#else
  GTEST_SKIP() << "checks are left out of this build, as they are out of the package";
#endif
}

TEST(Check, GuardsTheErrorOfASuccess) {
#if defined(RESNET50_CHECKS) && GTEST_HAS_DEATH_TEST
  const Status success;
  EXPECT_DEATH((void)success.error(), "result.h:[0-9]+: check failed");
#else
  GTEST_SKIP() << "checks are left out of this build, as they are out of the package";
#endif
}

}  // namespace
}  // namespace resnet50
